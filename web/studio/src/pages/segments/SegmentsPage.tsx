import { useQueryValue, useQueryValues } from "../../router/query";
import { SegmentEditor } from "./builder/SegmentEditor";
import { OverlapView } from "./overlap/OverlapView";
import { SegmentList } from "./SegmentList";
import { SegmentView } from "./view/SegmentView";

/** All segments, one of them, its builder, or how some overlap: the address says which. */
export default function Page() {
  const [name] = useQueryValue("name");
  const [edit] = useQueryValue("edit");
  const overlap = useQueryValues("overlap");
  if (edit) return <SegmentEditor key={name} name={name} />;
  if (name) return <SegmentView key={name} name={name} />;
  if (overlap.length > 1) return <OverlapView names={overlap} />;
  return <SegmentList />;
}
