package io.github.notearchive.archive.catalog;

import java.util.List;
import java.util.stream.Stream;

/**
 * Number of rows whose column a mapper changed, or would change, and the first notes.
 *
 * <p>A column is {@code table.column}. A table with several rows per note ({@code note_topic}, {@code note_mention},
 * {@code note_comment}) counts once per note or capture with different rows.
 */
public record RemapChange(long rows, List<String> examples) {

    static final int EXAMPLES = 3;

    public RemapChange and(RemapChange later) {
        return new RemapChange(
                rows + later.rows,
                Stream.concat(examples.stream(), later.examples.stream())
                        .distinct()
                        .limit(EXAMPLES)
                        .toList());
    }
}
