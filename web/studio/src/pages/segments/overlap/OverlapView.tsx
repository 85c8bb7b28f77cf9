import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { Link } from "wouter";
import { MemberList, type MemberPage } from "../../../components/members/MemberList";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { overlapOf, regionMembers } from "../api";
import css from "../Segments.module.css";

/** How two or three segments overlap; every number opens to exactly those it counts. */
export function OverlapView({ names }: { readonly names: readonly string[] }) {
  const query = useQuery({ queryKey: ["segments", "overlap", names], queryFn: ({ signal }) => overlapOf(names, signal), retry: false });
  const [opened, setOpened] = useQueryValue("region");
  const inside = [...opened].map((mark) => mark === "1");
  const fetch = useCallback<MemberPage>(
    (after, limit, signal) => regionMembers(names, [...opened].map((mark) => mark === "1"), after, limit, signal),
    [names, opened],
  );
  if (query.error) return <Failure title="The overlap cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="Still counting.">
        <Skeleton height={160} />
      </Loading>
    );
  }
  const { regions, unit } = query.data;
  const most = Math.max(...regions.map(({ count }) => count), 1);
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>Overlap of {names.join(", ")}</h1>
        <Link href="/segments">All segments</Link>
      </div>
      <table className={css.regions}>
        <thead>
          <tr>
            <th>In</th>
            <th className={css.number}>{unit === "user" ? "Users" : "Visitors"}</th>
          </tr>
        </thead>
        <tbody>
          {regions.map((region) => {
            const words = wordsOf(names, region.inside);
            return (
              <tr key={words}>
                <td className={css.track}>
                  {words}
                  <span className={css.bar} style={{ width: `${(region.count / most) * 100}%` }} />
                </td>
                <td className={css.number}>
                  <button type="button" className={css.open} aria-label={`Open ${words}: ${region.count}`} onClick={() => setOpened(region.inside.map((one) => (one ? "1" : "0")).join(""), "push")}>
                    {formatExact(region.count)}
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <SideDrawer isOpen={opened !== ""} title={wordsOf(names, inside)} closing="Close the list" size={560} onClose={() => setOpened("", "push")}>
        {opened && <MemberList of={["overlap", names, opened]} fetch={fetch} title={wordsOf(names, inside)} count={regions.find((one) => one.inside.every((is, at) => is === inside[at]))?.count ?? null} />}
      </SideDrawer>
    </>
  );
}

function wordsOf(names: readonly string[], inside: readonly boolean[]): string {
  const yes = names.filter((_, at) => inside[at]);
  if (yes.length === names.length) return names.length === 2 ? `both ${names.join(" and ")}` : `all of ${names.join(", ")}`;
  return `only ${yes.join(" and ")}`;
}
