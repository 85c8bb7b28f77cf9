import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPencil, IconStar, IconStarFilled, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { failureText } from "../../../api/client";
import type { Report } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { MODELS } from "../state/question";
import { addressOf, changeReport, listReports, removeReport, REPORTS_KEY } from "./api";
import css from "./SavedDrawer.module.css";

type Props = { readonly isOpen: boolean; readonly onClose: () => void };

/** Saved reports of the project: those with a star first. */
export function SavedDrawer({ isOpen, onClose }: Props) {
  return (
    <SideDrawer isOpen={isOpen} title="Saved reports" closing="Close the reports" size={480} onClose={onClose}>
      {isOpen && <List onClose={onClose} />}
    </SideDrawer>
  );
}

function List({ onClose }: { readonly onClose: () => void }) {
  const listed = useQuery({ queryKey: REPORTS_KEY, queryFn: ({ signal }) => listReports(signal) });
  const client = useQueryClient();
  const renewed = { onSuccess: () => client.invalidateQueries({ queryKey: REPORTS_KEY }) };
  const changing = useMutation({ ...renewed, mutationFn: ({ report, changes }: Change) => changeReport(report, changes) });
  const removing = useMutation({ ...renewed, mutationFn: removeReport });
  if (listed.error) return <Failure title="Reports cannot be listed" error={listed.error} retry={() => void listed.refetch()} level={3} />;
  if (!listed.data) return <Loading slow="Still looking for reports." />;
  const failed = changing.error ?? removing.error;
  return (
    <>
      {failed && (
        <p className={css.failed} role="alert">
          {failureText(failed)}
        </p>
      )}
      {listed.data.reports.length === 0 ? (
        <Empty title="No report is saved yet" level={3}>
          <p>Ask something, then choose … and Save as a report. All people of the project see it here.</p>
        </Empty>
      ) : (
        <ul className={css.list} aria-label="Saved reports">
          {listed.data.reports.map((report) => (
            <Row key={report.id} report={report} onClose={onClose} onChange={(changes) => changing.mutate({ report, changes })} onRemove={() => removing.mutate(report)} />
          ))}
        </ul>
      )}
    </>
  );
}

function focused(input: HTMLInputElement | null): void {
  input?.focus();
}

type Changes = Partial<Pick<Report, "title" | "is_starred">>;
type Change = { readonly report: Report; readonly changes: Changes };
type RowProps = { readonly report: Report; readonly onClose: () => void; readonly onChange: (changes: Changes) => void; readonly onRemove: () => void };

function Row({ report, onClose, onChange, onRemove }: RowProps) {
  const [title, setTitle] = useState<string | null>(null);
  const [isLeaving, setIsLeaving] = useState(false);
  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (title?.trim()) onChange({ title: title.trim() });
    setTitle(null);
  };
  if (isLeaving) {
    return (
      <li className={css.row}>
        <span className={css.title}>Delete “{report.title}” for everybody?</span>
        <Button size="compact-xs" color="red" onClick={onRemove}>
          Delete
        </Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setIsLeaving(false)}>
          Keep
        </Button>
      </li>
    );
  }
  return (
    <li className={css.row}>
      <ActionIcon variant="subtle" color="gray" aria-pressed={report.is_starred} aria-label={`Star: ${report.title}`} onClick={() => onChange({ is_starred: !report.is_starred })}>
        {report.is_starred ? <IconStarFilled size={16} aria-hidden /> : <IconStar size={16} aria-hidden />}
      </ActionIcon>
      {title === null ? (
        <Link href={addressOf(report)} className={css.title} onClick={onClose}>
          <bdi>{report.title}</bdi>
          <span className={css.model}>{MODELS.find(({ model }) => model === report.model)?.label ?? report.model}</span>
        </Link>
      ) : (
        <form className={css.title} onSubmit={rename}>
          <TextInput size="xs" aria-label="New title" maxLength={200} value={title} onChange={(change) => setTitle(change.currentTarget.value)} ref={focused} />
        </form>
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={`Rename: ${report.title}`} onClick={() => setTitle(title === null ? report.title : null)}>
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={`Delete: ${report.title}`} onClick={() => setIsLeaving(true)}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </li>
  );
}
