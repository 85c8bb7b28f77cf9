import { Skeleton } from "@mantine/core";
import { Loading } from "../../components/states/Loading";
import page from "./LivePage.module.css";
import numbers from "./numbers/LiveNumbers.module.css";

const FOUR = ["a", "b", "c", "d"];
const ROWS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/** The page's shape until the first numbers are there; says so when that takes long. */
export function LiveSkeleton() {
  return (
    <Loading slow="Still connecting to the studio. It may be starting.">
      <div className={page.page}>
        <div className={page.numbers}>
          <div className={numbers.numbers}>
            {FOUR.map((key) => (
              <div key={key} className={numbers.number}>
                <Skeleton height={12} width="60%" my={4} />
                <Skeleton height={28} width="45%" my={8} />
                <Skeleton height={10} width="75%" />
              </div>
            ))}
          </div>
        </div>
        <div className={page.minutes}>
          <Skeleton height={200} mt={20} />
        </div>
        <div className={page.panels}>
          <Skeleton height={220} mt={20} />
        </div>
        <div className={page.stream}>
          {ROWS.map((key) => (
            <Skeleton key={key} height={36} mb={10} />
          ))}
        </div>
      </div>
    </Loading>
  );
}
