"""The log as a topic of Apache Kafka: any number of partitions, collectors and readers.

    collector ──▶ appender ──▶ partition 0 ──▶ reader ──▶ pipeline
    collector ──▶ appender ──▶ partition 1 ──▶ reader ──┘    deletes what nobody needs any more

One message is one request. Positions are ours: no consumer group exists, nothing is committed to
Kafka. The topic is made, or looked at, by the collector when it starts; `topic` says what it must
be set to, `docs/operate/kafka.md` why.

Needs `confluent-kafka`, so it is imported by `LogSource` alone, and only where settings say so.
"""
