// Made from openapi.json by `npm run generate`; do not edit.

export type Path =
  | "/api/alerts"
  | "/api/alerts/channels"
  | "/api/alerts/channels/change"
  | "/api/alerts/channels/remove"
  | "/api/alerts/channels/test"
  | "/api/alerts/history"
  | "/api/alerts/history/acknowledge"
  | "/api/alerts/history/retry"
  | "/api/alerts/rules"
  | "/api/alerts/rules/change"
  | "/api/alerts/rules/mute"
  | "/api/alerts/rules/remove"
  | "/api/alerts/test"
  | "/api/apps"
  | "/api/catalog/crawls"
  | "/api/catalog/crawls/{name}/run"
  | "/api/catalog/crawls/{name}/schedule"
  | "/api/catalog/views"
  | "/api/continuous"
  | "/api/continuous/{name}"
  | "/api/dashboards"
  | "/api/dashboards/{name}"
  | "/api/dashboards/{name}/discard"
  | "/api/dashboards/{name}/links"
  | "/api/dashboards/{name}/links/{link_id}"
  | "/api/deliveries"
  | "/api/deliveries/{name}/pause"
  | "/api/deliveries/{name}/resume"
  | "/api/events"
  | "/api/events/{request_id}/{request_index}"
  | "/api/explore/attribution"
  | "/api/explore/attribution/members"
  | "/api/explore/compare"
  | "/api/explore/compare/members"
  | "/api/explore/events"
  | "/api/explore/events/members"
  | "/api/explore/funnel"
  | "/api/explore/funnel/members"
  | "/api/explore/lifecycle"
  | "/api/explore/lifecycle/members"
  | "/api/explore/path"
  | "/api/explore/path/members"
  | "/api/explore/retention"
  | "/api/explore/retention/members"
  | "/api/explore/running"
  | "/api/explore/running/{name}"
  | "/api/live"
  | "/api/live/failures"
  | "/api/live/filtered"
  | "/api/live/lists/{panel}"
  | "/api/live/sessions"
  | "/api/live/stream"
  | "/api/queries"
  | "/api/queries/{name}"
  | "/api/queries/{name}/run"
  | "/api/ready-dashboards"
  | "/api/ready-dashboards/{name}"
  | "/api/reports"
  | "/api/reports/{report_id}"
  | "/api/segments"
  | "/api/segments/overlap"
  | "/api/segments/overlap/members"
  | "/api/segments/preview"
  | "/api/segments/{name}"
  | "/api/segments/{name}/changes"
  | "/api/segments/{name}/changes/members"
  | "/api/segments/{name}/export"
  | "/api/segments/{name}/list"
  | "/api/segments/{name}/members"
  | "/api/segments/{name}/refresh"
  | "/api/segments/{name}/save"
  | "/api/sessions"
  | "/api/sessions/about"
  | "/api/sessions/definitions"
  | "/api/sessions/definitions/{name}"
  | "/api/sessions/definitions/{name}/switch"
  | "/api/sessions/diff"
  | "/api/sessions/{session_id}"
  | "/api/shared"
  | "/api/shared/cut"
  | "/api/shared/tiles/{tile_id}"
  | "/api/shared/tiles/{tile_id}/parquet"
  | "/api/snippets"
  | "/api/sql"
  | "/api/sql/csv"
  | "/api/sql/parquet"
  | "/api/sql/reference"
  | "/api/sql/tables"
  | "/api/status"
  | "/api/test-event"
  | "/api/tiles"
  | "/api/tiles/parquet"
  | "/api/tiles/rows"
  | "/api/visitors"
  | "/api/visitors/events"
  | "/api/visitors/sessions";

export type Acknowledging = {
  readonly by?: string;
  readonly delivery_ids: readonly (string | unknown)[];
};

export type AlertBook = {
  readonly channels: readonly (ChannelView)[];
  readonly definitions: readonly (string)[];
  readonly rules: readonly (RuleView)[];
};

export type AlertChange = {
  readonly count?: number;
  readonly until?: number;
};

export type Anchor = {
  readonly event?: string | readonly (string)[] | null;
  readonly label?: string;
  readonly where?: Filter | null;
  readonly which?: "first" | "last";
  readonly within?: string | null;
};

export type App = {
  readonly app_id: string;
  readonly name: string;
  readonly origins?: readonly (string)[];
  readonly project: string;
  readonly time_zone?: string;
};

export type AppView = {
  readonly app: App;
  readonly write_id: string | null;
  readonly write_ids?: readonly (string)[];
};

export type Apps = {
  readonly apps: readonly (AppView)[];
  readonly collector_url: string | null;
  readonly project: string;
};

export type Arrivals = {
  readonly failures: readonly (Failure)[];
  readonly write_ids: readonly (string)[];
};

export type AttributionAnswer = {
  readonly by: readonly (string)[];
  readonly conversions: number;
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly groups?: readonly (AttributionGroup)[];
  readonly notes?: readonly (string)[];
  readonly previous?: AttributionAnswer | null;
  readonly rows: readonly (AttributionRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
  readonly start: string;
  readonly value: number | null;
  readonly way?: "sql" | "index";
};

export type AttributionGroup = {
  readonly conversions: number;
  readonly group: readonly (string | null)[];
  readonly scope: "all" | "group" | "rest";
  readonly value: number | null;
};

export type AttributionOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: AttributionQuestion;
};

export type AttributionQuestion = {
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly field?: string | null;
  readonly goal: Selector;
  readonly half_life?: string;
  readonly model?: "first" | "last" | "linear" | "position" | "time_decay" | "markov";
  readonly per?: "visitor" | "user";
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly top?: number;
  readonly touches?: readonly (Selector)[];
  readonly value?: string | null;
  readonly week_start?: "monday" | "sunday";
  readonly weights?: readonly unknown[];
  readonly where?: Filter | null;
  readonly window?: string;
  readonly zone?: string;
};

export type AttributionRow = {
  readonly cell: string;
  readonly count: number;
  readonly credit: number;
  readonly group: readonly (string | null)[];
  readonly is_direct: boolean;
  readonly label: string | null;
  readonly scope: "all" | "group" | "rest";
  readonly share: number | null;
  readonly touches: number;
  readonly value: number | null;
};

export type BackTest = {
  readonly above?: number | null;
  readonly below?: number | null;
  readonly fired: number;
  readonly firings: readonly (WouldFire)[];
  readonly is_cut_off: boolean;
  readonly rule: string;
  readonly series: readonly (Point)[];
  readonly since: number;
  readonly told: number;
  readonly unit: string;
  readonly until: number;
};

export type BeforeShape = {
  readonly end: string;
  readonly rows: readonly (readonly (string | number | boolean | readonly (unknown)[] | { readonly [key: string]: unknown } | null)[])[];
  readonly start: string;
};

export type Behind = {
  readonly cell: string;
  readonly model: string;
  readonly question: { readonly [key: string]: unknown };
};

export type BehindAsked = {
  readonly cell?: string | null;
  readonly filters?: readonly (Filter)[];
  readonly parts?: readonly (SegmentPart)[];
  readonly range: Range;
  readonly segments_at?: string | null;
  readonly tile: { readonly [key: string]: unknown };
  readonly zone?: string;
};

export type Bucket = {
  readonly end: string;
  readonly is_complete: boolean;
  readonly start: string;
};

export type Change = {
  readonly name: string;
  readonly options: { readonly [key: string]: string | number | boolean | readonly (string)[] | null };
};

export type ChangedAsked = {
  readonly after?: string | null;
  readonly limit?: number | null;
  readonly since?: number | null;
  readonly until?: number | null;
  readonly which: "joined" | "left";
};

export type ChangesAsked = {
  readonly since?: number | null;
  readonly until?: number | null;
};

export type ChannelPut = {
  readonly name: string;
  readonly options: { readonly [key: string]: string | number | boolean | readonly (string)[] | null };
};

export type ChannelTest = {
  readonly problem: string;
  readonly taken: boolean;
};

export type ChannelView = {
  readonly dead: number;
  readonly error: string;
  readonly is_declared: boolean;
  readonly kind: string;
  readonly name: string;
  readonly place: string;
  readonly sent_at: number | null;
  readonly waiting: number;
};

export type Column = {
  readonly comment?: string;
  readonly name: string;
  readonly type: string;
};

export type ColumnChange = {
  readonly column: string;
  readonly file: string;
  readonly is_conflict?: boolean;
  readonly table: string;
  readonly type: string;
  readonly was: string;
};

export type CompareAnswer = {
  readonly by: readonly (string)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly days_left: number | null;
  readonly end: string;
  readonly groups?: readonly (CompareGroup)[];
  readonly mixed: number;
  readonly mixed_cell: string;
  readonly notes?: readonly (string)[];
  readonly rows: readonly (CompareRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly split_p: number | null;
  readonly sql: string;
  readonly start: string;
  readonly verdict: string;
  readonly way?: "sql" | "index";
};

export type CompareGroup = {
  readonly days_left: number | null;
  readonly group: readonly (string | null)[];
  readonly mixed: number;
  readonly mixed_cell: string;
  readonly scope: "all" | "group" | "rest";
  readonly split_p: number | null;
  readonly verdict: string;
};

export type CompareOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: CompareQuestion;
};

export type CompareQuestion = {
  readonly alpha?: number;
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly control?: string | null;
  readonly effect_min?: number;
  readonly exposure?: Selector;
  readonly goal: Selector;
  readonly per?: "visitor" | "user";
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly shares?: readonly (number)[];
  readonly top?: number;
  readonly variant: string;
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly zone?: string;
};

export type CompareRow = {
  readonly cell: string;
  readonly count: number;
  readonly difference: number | null;
  readonly difference_high: number | null;
  readonly difference_low: number | null;
  readonly group: readonly (string | null)[];
  readonly is_control: boolean;
  readonly lift: number | null;
  readonly rate: number | null;
  readonly rate_high: number | null;
  readonly rate_low: number | null;
  readonly scope: "all" | "group" | "rest";
  readonly size: number;
  readonly size_cell: string;
  readonly variant: string;
  readonly verdict: "control" | "better" | "worse" | "undecided";
};

export type ConsumerReport = {
  readonly batches_left_out: number;
  readonly behind_since: number | null;
  readonly doing: string;
  readonly epochs_behind: number;
  readonly epochs_lost: number;
  readonly error: string;
  readonly failed_at: number;
  readonly failures: number;
  readonly name: string;
  readonly needs_epoch: number | null;
};

export type ContinuousQueries = {
  readonly queries: readonly (ContinuousQuery)[];
};

export type ContinuousQuery = {
  readonly columns?: readonly (readonly unknown[])[];
  readonly definition: QueryDefinition;
  readonly is_declared?: boolean;
  readonly name: string;
  readonly status?: QueryStatus;
  readonly version: number;
};

export type ContinuousResults = {
  readonly query: ContinuousQuery;
  readonly results: readonly (WindowResult)[];
};

export type Crawl = {
  readonly by_folder?: boolean | null;
  readonly created_at: number;
  readonly declared?: Declared | null;
  readonly every_us: number;
  readonly history?: readonly (CrawlReport)[];
  readonly name: string;
  readonly place: string;
  readonly problem?: string;
  readonly report?: CrawlReport | null;
  readonly tried_at?: number;
};

export type CrawlReport = {
  readonly bytes_read: number;
  readonly columns: readonly (ColumnChange)[];
  readonly faults: readonly (FileFault)[];
  readonly faults_count: number;
  readonly files: number;
  readonly files_read: number;
  readonly notes?: readonly (string)[];
  readonly started_at: number;
  readonly tables: readonly (TableChange)[];
  readonly took_us: number;
};

export type Crawls = {
  readonly crawls: readonly (Crawl)[];
};

export type CutName = {
  readonly published_at: number;
  readonly sequence: number;
};

export type Dashboard = {
  readonly filters?: readonly (Filter)[];
  readonly range?: Range;
  readonly sheets: readonly (Sheet)[];
  readonly title: string;
  readonly zone?: string;
};

export type DashboardLink = {
  readonly created_at: number;
  readonly id: string;
};

export type DashboardLinks = {
  readonly links: readonly (DashboardLink)[];
};

export type DashboardSaved = {
  readonly definition: { readonly [key: string]: unknown };
  readonly is_published?: boolean;
  readonly version?: number | null;
};

export type DashboardsListed = {
  readonly dashboards: readonly (ListedDashboard)[];
};

export type Declared = {
  readonly columns: readonly (Column)[];
  readonly delimiter?: string;
  readonly format: "json" | "csv" | "parquet";
  readonly header_lines?: number;
  readonly partitions: readonly (Column)[];
};

export type DefinitionList = {
  readonly definitions: readonly (Listed)[];
};

export type DefinitionView = {
  readonly is_default: boolean;
  readonly key: readonly (string)[];
  readonly kind: string;
  readonly name: string;
};

export type Deliveries = {
  readonly at: number;
  readonly deliveries: readonly (DeliveryReport)[];
};

export type DeliveryReport = {
  readonly backlog_epochs: number;
  readonly backlog_requests: number;
  readonly bytes: number;
  readonly delivered_to: Positions;
  readonly epochs_lost: number;
  readonly epochs_missing: number;
  readonly error: string;
  readonly failed_at: number;
  readonly failures: number;
  readonly files: number;
  readonly format: string;
  readonly held?: string;
  readonly kept_until: number;
  readonly lag_ms: number;
  readonly last_at: number;
  readonly last_path: string;
  readonly name: string;
  readonly open_bytes: number;
  readonly open_records: number;
  readonly paused_at?: number;
  readonly place: string;
  readonly records: number;
  readonly requests_lost: number;
  readonly source: string;
};

export type Did = {
  readonly after?: Anchor | null;
  readonly before?: Anchor | null;
  readonly event?: string | readonly (string)[] | null;
  readonly label?: string;
  readonly measure?: "times" | "days" | "sum" | "distinct";
  readonly of?: string | null;
  readonly range?: Range | null;
  readonly times?: Times;
  readonly where?: Filter | null;
};

export type Difference = {
  readonly a: Kpis;
  readonly b: Kpis;
  readonly name_a: string;
  readonly name_b: string;
  readonly samples: readonly (Sample)[];
  readonly visitors_differing: number;
};

export type DiskStatus = {
  readonly alarms: readonly (string)[];
  readonly days_until_full: number | null;
  readonly free_bytes: number;
  readonly growth_bytes_per_day: number | null;
  readonly lake_bytes: number;
  readonly log_bytes: number;
  readonly metadata_bytes: number;
  readonly state_bytes: number;
  readonly tail_bytes: number;
  readonly total_bytes: number;
};

export type Done = {
  readonly done: string;
};

export type EntryPage = {
  readonly page: string;
  readonly sessions: number;
};

export type EventColumn = {
  readonly name: string;
  readonly type: string;
  readonly value: string | number | boolean | readonly (string)[] | null;
};

export type EventDetail = {
  readonly columns: readonly (EventColumn)[] | null;
  readonly columns_missing: Missing | null;
  readonly request: RawRequest | null;
  readonly request_id: string;
  readonly request_index: number;
  readonly request_missing: Missing | null;
};

export type EventPage = {
  readonly events: readonly (StreamEvent)[];
  readonly next: string | null;
};

export type EventTaken = {
  readonly app_id: string;
  readonly event_name: string;
};

export type EventsAnswer = {
  readonly buckets: readonly (Bucket)[];
  readonly by: readonly (string)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly notes?: readonly (string)[];
  readonly previous_buckets: readonly (Bucket)[];
  readonly rows: readonly (EventsRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
  readonly start: string;
  readonly way?: "sql" | "index";
};

export type EventsOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: EventsQuestion;
};

export type EventsQuestion = {
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly formulas?: readonly (string)[];
  readonly granularity?: "hour" | "day" | "week" | "month";
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly series: readonly (Series)[];
  readonly top?: number;
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly zone?: string;
};

export type EventsRow = {
  readonly bucket: number | null;
  readonly cell: string | null;
  readonly group: readonly (string | null)[];
  readonly is_previous: boolean;
  readonly number: number;
  readonly scope: "all" | "group" | "rest";
  readonly series: string;
  readonly value: number | null;
};

export type Exclusion = {
  readonly after?: number;
  readonly before?: number | null;
  readonly event?: string | readonly (string)[] | null;
  readonly label?: string;
  readonly where?: Filter | null;
};

export type Failure = {
  readonly count: number;
  readonly credential: string | null;
  readonly last_at: number;
  readonly message: string | null;
  readonly part: "record" | "request";
  readonly path: string | null;
  readonly protocol: string;
  readonly reason: string;
};

export type FieldUse = {
  readonly column?: string;
  readonly measure?: "count" | "distinct" | "sum" | "avg" | "median" | "min" | "max" | null;
  readonly unit?: "minute" | "hour" | "day" | "week" | "month" | null;
};

export type FieldsQuery = {
  readonly colour?: FieldUse | null;
  readonly kind: "fields";
  readonly limit?: number;
  readonly size?: FieldUse | null;
  readonly table: string;
  readonly where?: readonly (Filter)[];
  readonly x?: FieldUse | null;
  readonly y?: FieldUse | null;
};

export type FileFault = {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
};

export type Filter = {
  readonly all?: readonly (Filter)[] | null;
  readonly any?: readonly (Filter)[] | null;
  readonly field?: string | null;
  readonly op?: "is" | "is_not" | "in" | "not_in" | "contains" | "not_contains" | "starts_with" | "gt" | "gte" | "lt" | "lte" | "between" | "is_set" | "is_not_set";
  readonly value?: boolean | number | string | readonly (boolean | number | string)[] | null;
};

export type FilteredCounts = {
  readonly at: number;
  readonly counts: LiveCounts;
};

export type Firing = {
  readonly acknowledged_at: number | null;
  readonly acknowledged_by: string;
  readonly app_id: string;
  readonly at: number;
  readonly delivery_id: string;
  readonly details: { readonly [key: string]: unknown };
  readonly noted_at: number;
  readonly notices: readonly (NoticeState)[];
  readonly quiet: string;
  readonly rule: string;
  readonly state: string;
  readonly subject: string;
};

export type FunnelAnswer = {
  readonly buckets?: readonly (Bucket)[];
  readonly by: readonly (string)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly notes?: readonly (string)[];
  readonly previous?: FunnelAnswer | null;
  readonly rows: readonly (FunnelRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly speeds: readonly (FunnelSpeed)[];
  readonly sql: string;
  readonly start: string;
  readonly step_times?: readonly (FunnelStepTime)[];
  readonly times: readonly (FunnelTime)[];
  readonly trend?: readonly (FunnelTrend)[];
  readonly way?: "sql" | "index";
};

export type FunnelOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: FunnelQuestion;
};

export type FunnelQuestion = {
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly by_step?: "first" | "each";
  readonly compare?: "none" | "previous" | "year";
  readonly exclude?: readonly (Exclusion)[];
  readonly granularity?: "hour" | "day" | "week" | "month" | null;
  readonly order?: "ordered" | "strict" | "any";
  readonly per?: "visitor" | "user" | "session";
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly step_times?: boolean;
  readonly steps: readonly (Selector)[];
  readonly top?: number;
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly window?: string;
  readonly zone?: string;
};

export type FunnelRow = {
  readonly cell: string;
  readonly count: number;
  readonly dropped: number;
  readonly dropped_cell: string | null;
  readonly group: readonly (string | null)[];
  readonly label: string;
  readonly of_first: number | null;
  readonly of_previous: number | null;
  readonly scope: "all" | "group" | "rest";
  readonly step: number;
};

export type FunnelSpeed = {
  readonly group: readonly (string | null)[];
  readonly median_seconds: number | null;
  readonly scope: "all" | "group" | "rest";
};

export type FunnelStepTime = {
  readonly group: readonly (string | null)[];
  readonly median_seconds: number | null;
  readonly p90_seconds: number | null;
  readonly scope: "all" | "group" | "rest";
  readonly step: number;
};

export type FunnelTime = {
  readonly cell: string;
  readonly count: number;
  readonly from_seconds: number;
  readonly group: readonly (string | null)[];
  readonly scope: "all" | "group" | "rest";
  readonly to_seconds: number;
};

export type FunnelTrend = {
  readonly bucket: number;
  readonly cell: string;
  readonly count: number;
  readonly group: readonly (string | null)[];
  readonly of_first: number | null;
  readonly scope: "all" | "group" | "rest";
  readonly step: number;
};

export type Goal = {
  readonly app_id: string;
  readonly event_name: string;
  readonly value: number;
};

export type Has = {
  readonly field: string;
  readonly op?: "is" | "is_not" | "in" | "not_in" | "contains" | "not_contains" | "starts_with" | "gt" | "gte" | "lt" | "lte" | "between" | "is_set" | "is_not_set";
  readonly range?: Range | null;
  readonly value?: boolean | number | string | readonly (boolean | number | string)[] | null;
  readonly which?: "first" | "last" | "any";
};

export type Header = {
  readonly name: string;
  readonly value: string;
};

export type History = {
  readonly firings: readonly (Firing)[];
  readonly next: string | null;
};

export type IndexReport = {
  readonly at: number;
  readonly bytes?: number;
  readonly cut_published_at?: number;
  readonly cut_sequence?: number;
  readonly error?: string;
  readonly events?: number;
  readonly outcome: "made" | "freshened" | "current" | "few" | "large" | "failed";
  readonly seconds: number;
  readonly skipped?: readonly (string)[];
};

export type KeptDashboard = {
  readonly definition: Dashboard;
  readonly is_draft: boolean;
  readonly is_published: boolean;
  readonly name: string;
  readonly published_at: number | null;
  readonly updated_at: number;
  readonly version: number;
};

export type KeptSegment = {
  readonly changed_at: number;
  readonly definition: Segment;
  readonly every: "hour" | "day" | "week" | "off";
  readonly listed?: number | null;
  readonly made_at: number;
  readonly made_of?: string;
  readonly name: string;
  readonly problem?: string;
  readonly title: string;
  readonly tried_at?: number;
  readonly version: number;
};

export type Kpis = {
  readonly bounce_rate: number | null;
  readonly duration_mean_ms: number | null;
  readonly duration_median_ms: number | null;
  readonly engaged_rate: number | null;
  readonly entry_pages: readonly (EntryPage)[];
  readonly events: number;
  readonly events_per_session: number | null;
  readonly sessions: number;
  readonly visitors: number;
};

export type Ledger = {
  readonly decoded?: number;
  readonly dropped?: { readonly [key: string]: number };
  readonly duplicates?: number;
  readonly events?: number;
  readonly failed?: number;
  readonly ignored?: { readonly [key: string]: number };
  readonly records?: number;
  readonly requests?: number;
  readonly undecodable?: number;
  readonly unused?: { readonly [key: string]: number };
};

export type LifecycleAnswer = {
  readonly by: readonly (string)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly notes?: readonly (string)[];
  readonly previous?: LifecycleAnswer | null;
  readonly rows: readonly (LifecycleRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
  readonly start: string;
  readonly stickiness: readonly (Stickiness)[];
  readonly units: readonly (Bucket)[];
  readonly way?: "sql" | "index";
};

export type LifecycleOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: LifecycleQuestion;
};

export type LifecycleQuestion = {
  readonly active?: Selector;
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly per?: "visitor" | "user";
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly top?: number;
  readonly unit?: "day" | "week" | "month";
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly zone?: string;
};

export type LifecycleRow = {
  readonly cell: string;
  readonly count: number;
  readonly group: readonly (string | null)[];
  readonly scope: "all" | "group" | "rest";
  readonly state: "new" | "retained" | "returning" | "dormant";
  readonly unit: number;
};

export type Listed = {
  readonly events_done: number;
  readonly events_total: number;
  readonly is_added: boolean;
  readonly is_default: boolean;
  readonly key: readonly (string)[];
  readonly kind: string;
  readonly name: string;
  readonly options: string;
  readonly state: string;
  readonly version: number;
  readonly view: string;
};

export type ListedDashboard = {
  readonly has_draft: boolean;
  readonly is_published: boolean;
  readonly links: number;
  readonly name: string;
  readonly published_at: number | null;
  readonly title: string;
  readonly updated_at: number;
  readonly version: number;
};

export type ListedSegment = {
  readonly segment: KeptSegment;
  readonly sizes: readonly (SegmentSize)[];
  readonly words: string;
};

export type LiveCounts = {
  readonly browsers: TopList;
  readonly devices: TopList;
  readonly events: TopList;
  readonly events_30m: number;
  readonly minutes: MinuteSeries;
  readonly open_sessions: number;
  readonly pages: TopList;
  readonly seconds: SecondSeries;
  readonly sources: TopList;
  readonly stream: readonly (StreamEvent)[];
  readonly systems: TopList;
  readonly views_30m: number;
  readonly visitors_30m: number;
  readonly visitors_5m: number;
  readonly visitors_are_exact: boolean;
};

export type LiveSessions = {
  readonly from_us: number;
  readonly is_whole: boolean;
  readonly meters: readonly (SessionMeter)[];
  readonly since_epoch: number;
  readonly to_epoch: number;
};

export type LiveSnapshot = {
  readonly at: number;
  readonly bots: LiveCounts;
  readonly lag_requests?: number;
  readonly people: LiveCounts;
  readonly sessions?: LiveSessions | null;
  readonly totals: Ledger;
  readonly version?: number;
};

export type LogStatus = {
  readonly end_offset: number;
  readonly start_offset: number;
};

export type MaintenanceStatus = {
  readonly ended_at: number;
  readonly error: string | null;
  readonly files_removed: number;
  readonly files_waiting: number;
  readonly rewrites: number;
};

export type Member = {
  readonly at?: string | null;
  readonly id: string | null;
  readonly value?: number | null;
};

export type Members = {
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly kind: "visitor" | "user" | "session" | "event" | "value";
  readonly members: readonly (Member)[];
  readonly next: string | null;
  readonly way?: "sql" | "index";
};

export type MembersAsked = {
  readonly after?: string | null;
  readonly at?: string | null;
  readonly limit?: number | null;
};

export type MinuteSeries = {
  readonly events: readonly (number)[];
  readonly from_us: number;
  readonly views: readonly (number)[];
  readonly visitors: readonly (number)[];
};

export type Missing = {
  readonly detail: string;
  readonly reason: "trimmed" | "failed" | "unknown";
};

export type Muting = {
  readonly duration: string;
  readonly name: string;
};

export type Named = {
  readonly name: string;
};

export type NamedQuery = {
  readonly kind: "saved";
  readonly name: string;
  readonly parameters?: { readonly [key: string]: boolean | number | string | null };
};

export type NewDashboardLink = {
  readonly link: DashboardLink;
  readonly path: string;
};

export type NewDefinition = {
  readonly options: { readonly [key: string]: string | number | boolean | readonly (string)[] | { readonly [key: string]: string } };
};

export type NewQuery = {
  readonly app?: string;
  readonly enabled?: boolean;
  readonly key?: readonly (string)[];
  readonly over?: string;
  readonly sql: string;
  readonly window: string;
};

export type NewView = {
  readonly is_replacing?: boolean;
  readonly name: string;
  readonly sql: string;
};

export type NoticeState = {
  readonly channel: string;
  readonly delivery_id: string;
  readonly error: string;
  readonly sent_at: number | null;
  readonly sequence: number;
  readonly state: string;
  readonly tries: number;
};

export type Overlap = {
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly names: readonly (string)[];
  readonly regions: readonly (Region)[];
  readonly segments: readonly (UsedSegment)[];
  readonly unit: "visitor" | "user";
};

export type OverlapAsked = {
  readonly at?: string | null;
  readonly names: readonly (string)[];
};

export type Part = {
  readonly name: string;
  readonly pid?: number | null;
  readonly state: "running" | "stopped" | "never_started";
  readonly url?: string | null;
};

export type PathAnswer = {
  readonly by: readonly (string)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly nodes: readonly (PathNode)[];
  readonly notes?: readonly (string)[];
  readonly previous?: PathAnswer | null;
  readonly rows: readonly (PathRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
  readonly start: string;
  readonly way?: "sql" | "index";
};

export type PathNode = {
  readonly cell: string;
  readonly count: number;
  readonly group: readonly (string | null)[];
  readonly is_rest: boolean;
  readonly label: string | null;
  readonly scope: "all" | "group" | "rest";
  readonly step: number;
};

export type PathOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: PathQuestion;
};

export type PathQuestion = {
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly direction?: "from" | "to";
  readonly events?: Selector;
  readonly gap?: string;
  readonly groups?: number;
  readonly merge_repeats?: boolean;
  readonly node?: string | null;
  readonly nodes?: "events" | "pages" | "screens";
  readonly per?: "visitor" | "user" | "session";
  readonly range?: Range;
  readonly rules?: readonly (Rule)[];
  readonly segments_at?: string | null;
  readonly steps?: number;
  readonly top?: number;
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly zone?: string;
};

export type PathRow = {
  readonly cell: string;
  readonly count: number;
  readonly group: readonly (string | null)[];
  readonly is_end: boolean;
  readonly is_rest: boolean;
  readonly label: string | null;
  readonly next_is_rest: boolean;
  readonly next_label: string | null;
  readonly scope: "all" | "group" | "rest";
  readonly step: number;
};

export type Paused = {
  readonly paused_at: number;
};

export type PipelineStatus = {
  readonly age_ms: number;
  readonly epoch: number;
  readonly log_offset: number;
  readonly published_at: number;
  readonly watermark: number;
};

export type Point = {
  readonly at: number;
  readonly expected?: number | null;
  readonly fires: boolean;
  readonly value: number | null;
};

export type Positions = {
  readonly offsets?: readonly (number)[];
};

export type Problem = {
  readonly code: string;
  readonly detail: string;
  readonly problems?: readonly (string)[];
  readonly request_id?: string;
  readonly retryable: boolean;
  readonly status: number;
  readonly title: string;
  readonly type: string;
};

export type QueryDefinition = {
  readonly app?: string;
  readonly enabled?: boolean;
  readonly key?: readonly (string)[];
  readonly over?: "events" | "sessions";
  readonly sql: string;
  readonly window: string;
};

export type QueryParameter = {
  readonly default?: string | number | boolean | readonly (string | number | boolean)[] | null;
  readonly is_list?: boolean;
  readonly name: string;
  readonly type?: "text" | "integer" | "number" | "boolean" | "date" | "timestamp";
};

export type QueryStatus = {
  readonly cut_off?: number;
  readonly error?: string;
  readonly failures?: number;
  readonly left_out?: number;
  readonly ran_at?: number;
  readonly retry_at?: number;
  readonly waiting?: number;
  readonly windows?: number;
};

export type QueryToSave = {
  readonly description?: string;
  readonly name: string;
  readonly parameters?: readonly (QueryParameter)[];
  readonly sql: string;
};

export type QueryValues = {
  readonly format?: "rows" | "csv" | "parquet";
  readonly params?: { readonly [key: string]: string | number | boolean | readonly (string | number | boolean | null)[] | null };
};

export type Range = {
  readonly end?: string | null;
  readonly last?: number | null;
  readonly start?: string | null;
  readonly unit?: "hour" | "day" | "week" | "month";
};

export type RawRequest = {
  readonly app_id: string | null;
  readonly body: string;
  readonly body_bytes: number;
  readonly client_ip: string;
  readonly credential: string;
  readonly headers: readonly (Header)[];
  readonly is_base64: boolean;
  readonly is_cut: boolean;
  readonly log_offset: number;
  readonly method: string;
  readonly path: string;
  readonly protocol: string;
  readonly query: string;
  readonly received_at: number;
  readonly request_id: string;
  readonly undone: readonly (string)[];
};

export type ReadyDashboard = {
  readonly about: string;
  readonly definition: Dashboard;
  readonly name: string;
};

export type ReadyListed = {
  readonly dashboards: readonly (ReadyDashboard)[];
};

export type Region = {
  readonly count: number;
  readonly inside: readonly (boolean)[];
};

export type RegionAsked = {
  readonly after?: string | null;
  readonly at?: string | null;
  readonly inside: readonly (boolean)[];
  readonly limit?: number | null;
  readonly names: readonly (string)[];
};

export type Report = {
  readonly id: string;
  readonly is_starred: boolean;
  readonly model: string;
  readonly question: { readonly [key: string]: unknown };
  readonly title: string;
  readonly updated_at: number;
  readonly version: number;
  readonly view: string;
};

export type ReportQuery = {
  readonly kind: "report";
  readonly model: string;
  readonly question: { readonly [key: string]: unknown };
};

export type ReportToSave = {
  readonly is_starred?: boolean;
  readonly model: string;
  readonly question: { readonly [key: string]: unknown };
  readonly title: string;
  readonly version?: number | null;
  readonly view?: string;
};

export type RetentionAnswer = {
  readonly by: readonly (string)[];
  readonly cohorts: readonly (Bucket)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly end: string;
  readonly notes?: readonly (string)[];
  readonly previous?: RetentionAnswer | null;
  readonly rows: readonly (RetentionRow)[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
  readonly start: string;
  readonly way?: "sql" | "index";
};

export type RetentionOpened = {
  readonly after?: string | null;
  readonly cell: string;
  readonly limit?: number | null;
  readonly question: RetentionQuestion;
};

export type RetentionQuestion = {
  readonly app?: string;
  readonly back?: Selector;
  readonly bots?: "exclude" | "include" | "only";
  readonly by?: readonly (string)[];
  readonly compare?: "none" | "previous" | "year";
  readonly mode?: "on" | "on_or_after";
  readonly per?: "visitor" | "user" | "session";
  readonly periods?: number;
  readonly range?: Range;
  readonly segments_at?: string | null;
  readonly start?: Selector;
  readonly top?: number;
  readonly unit?: "day" | "week" | "month";
  readonly week_start?: "monday" | "sunday";
  readonly where?: Filter | null;
  readonly zone?: string;
};

export type RetentionRow = {
  readonly cell: string;
  readonly cohort: number | null;
  readonly count: number;
  readonly group: readonly (string | null)[];
  readonly is_complete: boolean;
  readonly observed: number;
  readonly observed_cell: string;
  readonly period: number;
  readonly rate: number | null;
  readonly scope: "all" | "group" | "rest";
  readonly size: number;
  readonly size_cell: string;
};

export type RowsBehindShape = {
  readonly columns: readonly (TileColumn)[];
  readonly count: number;
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly is_source: boolean;
  readonly rows: readonly (readonly (string | number | boolean | readonly (unknown)[] | { readonly [key: string]: unknown } | null)[])[];
  readonly sql: string;
};

export type Rule = {
  readonly label?: string;
  readonly match: string;
};

export type RulePut = {
  readonly name: string;
  readonly options: { readonly [key: string]: string | number | boolean | readonly (string)[] | null };
};

export type RuleView = {
  readonly evaluated_to: number;
  readonly is_declared: boolean;
  readonly kind: string;
  readonly muted_until: number;
  readonly name: string;
  readonly options: { readonly [key: string]: unknown };
  readonly problem: string;
};

export type RunningQuestion = {
  readonly id: string;
  readonly model: string;
  readonly started_at: number;
};

export type RunningQuestions = {
  readonly running: readonly (RunningQuestion)[];
};

export type Sample = {
  readonly a: readonly (SampleSession)[];
  readonly app_id: string;
  readonly b: readonly (SampleSession)[];
  readonly visitor_id: string;
};

export type SampleSession = {
  readonly ended_at: string;
  readonly events: number;
  readonly started_at: string;
};

export type SavedQueries = {
  readonly queries: readonly (SavedQuery)[];
};

export type SavedQuery = {
  readonly changed_at: number;
  readonly created_at: number;
  readonly description?: string;
  readonly name: string;
  readonly parameters: readonly (QueryParameter)[];
  readonly sql: string;
};

export type SavedReports = {
  readonly reports: readonly (Report)[];
};

export type Schedule = {
  readonly every_seconds: number;
};

export type SecondSeries = {
  readonly events: readonly (number)[];
  readonly from_us: number;
};

export type Segment = {
  readonly app?: string;
  readonly bots?: "exclude" | "include" | "only";
  readonly rule?: SegmentRule | null;
  readonly unit?: "visitor" | "user";
  readonly week_start?: "monday" | "sunday";
  readonly zone?: string;
};

export type SegmentChanges = {
  readonly joined: number;
  readonly left: number;
  readonly name: string;
  readonly since: number;
  readonly size_after: number;
  readonly size_before: number;
  readonly unit: "visitor" | "user";
  readonly until: number;
};

export type SegmentDefined = {
  readonly notes: readonly (string)[];
  readonly segment: KeptSegment;
  readonly words: string;
};

export type SegmentDraft = {
  readonly at?: string | null;
  readonly definition: Segment;
};

export type SegmentList = {
  readonly app?: string;
  readonly ids: readonly (string)[];
  readonly title?: string | null;
  readonly unit?: "visitor" | "user";
  readonly version?: number | null;
};

export type SegmentOfNumber = {
  readonly cell: string;
  readonly form?: "definition" | "list";
  readonly model: string;
  readonly question: { readonly [key: string]: unknown };
  readonly title?: string | null;
  readonly version?: number | null;
};

export type SegmentPart = {
  readonly column: string;
  readonly value: string | number | boolean | null;
};

export type SegmentPreview = {
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly notes: readonly (string)[];
  readonly size: number;
  readonly sql: string;
  readonly total: number;
  readonly words: string;
};

export type SegmentRule = {
  readonly all?: readonly (SegmentRule)[] | null;
  readonly any?: readonly (SegmentRule)[] | null;
  readonly behind?: Behind | null;
  readonly did?: Did | null;
  readonly has?: Has | null;
  readonly none?: readonly (SegmentRule)[] | null;
  readonly segment?: string | null;
  readonly sequence?: Sequence | null;
};

export type SegmentSaved = {
  readonly definition: Segment;
  readonly every?: "hour" | "day" | "week" | "off" | null;
  readonly title?: string | null;
  readonly version?: number | null;
};

export type SegmentShown = {
  readonly segment: KeptSegment;
  readonly sizes: readonly (SegmentSize)[];
  readonly versions: readonly (KeptSegment)[];
  readonly words: string;
};

export type SegmentSize = {
  readonly at: number;
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly joined?: number | null;
  readonly left?: number | null;
  readonly size: number;
  readonly total: number;
  readonly version: number;
};

export type SegmentsListed = {
  readonly segments: readonly (ListedSegment)[];
};

export type Selector = {
  readonly event?: string | readonly (string)[] | null;
  readonly label?: string;
  readonly where?: Filter | null;
};

export type Sequence = {
  readonly order?: "ordered" | "strict" | "any";
  readonly range?: Range | null;
  readonly steps: readonly (Selector)[];
  readonly window?: string;
};

export type Series = {
  readonly event?: string | readonly (string)[] | null;
  readonly label?: string;
  readonly measure?: "events" | "visitors" | "users" | "sessions" | "sum" | "avg" | "median" | "p90" | "min" | "max" | "distinct";
  readonly of?: string | null;
  readonly where?: Filter | null;
};

export type SessionBefore = {
  readonly duration_ms: number;
  readonly ended_at: number;
  readonly epoch: number;
  readonly events: number;
  readonly is_bounced: boolean;
  readonly is_withdrawn: boolean;
  readonly replaced_in: number;
  readonly revision: number;
  readonly session_id: string;
  readonly started_at: number;
};

export type SessionField = {
  readonly kind: string;
  readonly name: string;
};

export type SessionHistogram = {
  readonly counts: readonly (number)[];
  readonly sum: number;
};

export type SessionMeter = {
  readonly app_id: string;
  readonly closed: number;
  readonly definition: string;
  readonly duration: SessionHistogram;
  readonly events: SessionHistogram;
  readonly open: number;
  readonly provisional: number;
  readonly repaired: number;
  readonly seconds: SessionSeconds;
};

export type SessionPage = {
  readonly next: number | null;
  readonly sessions: readonly (SessionRow)[];
  readonly total: number;
};

export type SessionRow = {
  readonly app_id: string;
  readonly browser: string | null;
  readonly campaign: string | null;
  readonly device_category: string | null;
  readonly duration_ms: number;
  readonly ended_at: number;
  readonly engagement_ms: number;
  readonly entry_page: string | null;
  readonly epoch: number;
  readonly events: number;
  readonly exit_page: string | null;
  readonly first_event_name: string;
  readonly geo_country: string | null;
  readonly is_bot: boolean;
  readonly is_bounced: boolean;
  readonly is_engaged: boolean;
  readonly language: string | null;
  readonly last_event_name: string;
  readonly medium: string | null;
  readonly os: string | null;
  readonly platform: string | null;
  readonly referrer_host: string | null;
  readonly revision: number;
  readonly session_id: string;
  readonly session_number: number | null;
  readonly source: string | null;
  readonly started_at: number;
  readonly status: string;
  readonly user_id: string | null;
  readonly value: string | null;
  readonly views: number;
  readonly visitor_id: string;
};

export type SessionSeconds = {
  readonly at?: readonly (number)[];
  readonly closed?: readonly (number)[];
  readonly duration_ms?: readonly (number)[];
  readonly events?: readonly (number)[];
  readonly repaired?: readonly (number)[];
  readonly started?: readonly (number)[];
};

export type SessionTimeline = {
  readonly before: readonly (SessionBefore)[];
  readonly events: readonly (TimelineEvent)[];
  readonly is_cut_off: boolean;
  readonly session: SessionRow;
};

export type SessionsAbout = {
  readonly definitions: readonly (DefinitionView)[];
  readonly fields: readonly (SessionField)[];
  readonly goals: readonly (Goal)[];
};

export type SharedAsked = {
  readonly compare?: "none" | "previous" | "year";
  readonly range?: Range | null;
};

export type SharedDashboard = {
  readonly definition: Dashboard;
  readonly version: number;
};

export type Sheet = {
  readonly tiles?: readonly (Tile)[];
  readonly title: string;
};

export type Snippet = {
  readonly about: string;
  readonly language: string;
  readonly name: string;
  readonly text: string;
  readonly title: string;
};

export type Snippets = {
  readonly endpoint: string;
  readonly snippets: readonly (Snippet)[];
  readonly write_id: string;
};

export type SqlAnswerShape = {
  readonly columns: readonly (SqlColumn)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly is_cut_off: boolean;
  readonly rows: readonly (readonly (string | number | boolean | readonly (unknown)[] | { readonly [key: string]: unknown } | null)[])[];
};

export type SqlColumn = {
  readonly name: string;
  readonly type: string;
};

export type SqlLimits = {
  readonly answer_bytes_max: number;
  readonly memory_max_bytes: number;
  readonly rows_max: number;
  readonly time_max_us: number;
};

export type SqlQuery = {
  readonly kind: "sql";
  readonly sql: string;
};

export type SqlQuestion = {
  readonly params?: readonly (string | number | boolean | null)[] | { readonly [key: string]: string | number | boolean | null };
  readonly sql: string;
};

export type SqlReference = {
  readonly functions: readonly (string)[];
  readonly limits: SqlLimits;
};

export type Status = {
  readonly at: number;
  readonly consumers?: readonly (ConsumerReport)[];
  readonly deliveries?: readonly (DeliveryReport)[];
  readonly disk?: DiskStatus | null;
  readonly events_per_second: number | null;
  readonly index?: IndexReport | null;
  readonly lag_by_partition?: readonly (number)[];
  readonly lag_requests: number | null;
  readonly ledger: Ledger;
  readonly ledger_problems: readonly (string)[];
  readonly log: LogStatus | null;
  readonly maintenance: MaintenanceStatus | null;
  readonly parts: readonly (Part)[];
  readonly pipeline: PipelineStatus | null;
  readonly problems: readonly (string)[];
  readonly project: string;
};

export type Stickiness = {
  readonly active: number;
  readonly days: number | null;
  readonly group: readonly (string | null)[];
  readonly scope: "all" | "group" | "rest";
  readonly share: number | null;
  readonly unit: number;
};

export type StreamEvent = {
  readonly app_id: string;
  readonly browser: string | null;
  readonly device: string | null;
  readonly event_name: string;
  readonly event_time: number;
  readonly is_bot: boolean;
  readonly is_late: boolean;
  readonly log_offset: number;
  readonly os: string | null;
  readonly page: string | null;
  readonly page_title: string | null;
  readonly received_at: number;
  readonly request_id: string;
  readonly request_index: number;
  readonly source: string | null;
  readonly user_id: string | null;
  readonly visitor_id: string | null;
};

export type Table = {
  readonly columns: readonly (TableColumn)[];
  readonly kind: "table" | "files" | "view";
  readonly name: string;
  readonly problem?: string | null;
  readonly row_is: string;
};

export type TableChange = {
  readonly files: number;
  readonly files_gone: number;
  readonly files_new: number;
  readonly is_new: boolean;
  readonly name: string;
  readonly partitions_new: readonly (string)[];
  readonly rows: number;
};

export type TableColumn = {
  readonly meaning: string;
  readonly name: string;
  readonly type: string;
};

export type Tables = {
  readonly tables: readonly (Table)[];
};

export type Testing = {
  readonly name: string;
  readonly options?: { readonly [key: string]: string | number | boolean | readonly (string)[] | null } | null;
  readonly over?: string;
};

export type Tile = {
  readonly chart: "number" | "table" | "line" | "area" | "bar" | "stacked_bar" | "pie" | "donut" | "tree_map" | "heat_map" | "text";
  readonly id: string;
  readonly options?: TileOptions;
  readonly place: TilePlace;
  readonly query?: FieldsQuery | SqlQuery | NamedQuery | ReportQuery | null;
  readonly range?: Range | null;
  readonly text?: string;
  readonly title?: string;
};

export type TileAsked = {
  readonly compare?: "none" | "previous" | "year";
  readonly filters?: readonly (Filter)[];
  readonly range: Range;
  readonly tile: { readonly [key: string]: unknown };
  readonly zone?: string;
};

export type TileColumn = {
  readonly is_share?: boolean;
  readonly name: string;
  readonly type: string;
};

export type TileDataShape = {
  readonly before?: BeforeShape | null;
  readonly cells: readonly (string | null)[] | null;
  readonly columns: readonly (TileColumn)[];
  readonly cut_published_at: number;
  readonly cut_sequence: number;
  readonly is_cut_off: boolean;
  readonly not_compared?: string;
  readonly notes: readonly (string)[];
  readonly roles: TileOptions;
  readonly rows: readonly (readonly (string | number | boolean | readonly (unknown)[] | { readonly [key: string]: unknown } | null)[])[];
  readonly segments?: readonly (UsedSegment)[];
  readonly segments_at?: string | null;
  readonly sql: string;
};

export type TileOptions = {
  readonly colour?: string;
  readonly size?: string;
  readonly x?: string;
  readonly y?: readonly (string)[];
};

export type TilePlace = {
  readonly h: number;
  readonly w: number;
  readonly x: number;
  readonly y: number;
};

export type TimelineEvent = {
  readonly epoch: number;
  readonly event_name: string;
  readonly event_time: number;
  readonly is_late: boolean;
  readonly log_offset: number;
  readonly page: string | null;
  readonly page_title: string | null;
  readonly received_at: number;
  readonly request_id: string;
  readonly request_index: number;
};

export type Times = {
  readonly op?: "gte" | "lte" | "is" | "between";
  readonly to?: number | null;
  readonly value?: number;
};

export type TopList = {
  readonly is_exact?: boolean;
  readonly others: number;
  readonly rows: readonly (TopRow)[];
};

export type TopRow = {
  readonly count: number;
  readonly value: string | null;
};

export type UsedSegment = {
  readonly is_list: boolean;
  readonly made_at: number;
  readonly name: string;
  readonly version: number;
};

export type Visitor = {
  readonly app_id: string;
  readonly events: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly sessions: number;
  readonly users: readonly (string)[];
  readonly visitor_id: string;
};

export type VisitorEvents = {
  readonly events: readonly (TimelineEvent)[];
  readonly next: number | null;
};

export type VisitorSessions = {
  readonly before: readonly (SessionBefore)[];
  readonly next: number | null;
  readonly sessions: readonly (SessionRow)[];
};

export type WindowResult = {
  readonly computed_at: string;
  readonly is_cut_off: boolean;
  readonly query: string;
  readonly revision: number;
  readonly rows: readonly ({ readonly [key: string]: unknown })[];
  readonly version: number;
  readonly window_end: string;
  readonly window_id: string;
  readonly window_start: string;
};

export type WouldFire = {
  readonly app_id: string;
  readonly at: number;
  readonly details: { readonly [key: string]: unknown };
  readonly subject: string;
  readonly told: boolean;
};
