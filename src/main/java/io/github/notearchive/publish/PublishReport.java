package io.github.notearchive.publish;

import io.github.notearchive.io.text.DisplayFormat;
import java.util.List;
import java.util.stream.Collectors;

/** Result of a publish. */
public record PublishReport(List<PublishedTable> tables) {

    /**
     * Table after a publish.
     *
     * @param written number of data files that were added
     * @param replaced number of data files that are no longer part of the table
     * @param removed number of objects that were removed from the bucket: of expired snapshots and killed publishes
     */
    public record PublishedTable(String name, long rows, int written, int replaced, long removed) {}

    public String line() {
        return tables.stream()
                        .map(table -> table.name() + " " + DisplayFormat.count(table.rows()))
                        .collect(Collectors.joining(", "))
                + "; "
                + DisplayFormat.plural(
                        tables.stream().mapToLong(PublishedTable::written).sum(), "file") + " written";
    }
}
