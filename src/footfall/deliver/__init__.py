"""Files of what comes in, for whoever wants files: requests, events, sessions, any table.

A consumer of epochs writes them to any number of destinations, in directories or buckets. A file is
there whole or not at all, and every record is in exactly one, whatever dies: what a file holds is
noted before it is written, by epoch and row, so that who does it again makes the same file under
the same name. What a destination that is away has not got waits in the lake and the log, within
`consumers.keep_age_max` and `consumers.log_bytes_max`.

    source   what rows an epoch gives       shape     which columns they have, under which names
    texts    rows as JSON or CSV            making    the file that is being made
    stream   one destination: what is next  consumer  all of them, epoch by epoch
    outlet   where files go                 notes     what is durable of a destination
    past     epochs of before, in groups    spans     sets of epochs
    chosen   which destinations there are   backfill  what one has not got, from the past
    operating/  what an operator sees and does
"""
