package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a mapper changed in the tables, or would change.
 *
 * <p>A column is {@code table.column}. Of a table with several rows a note ({@code note_topic}, {@code note_mention},
 * {@code note_comment}) it is the table, counted once for each note, or capture, whose rows differ.
 */
public final class RemapChanges {

    /** Notes that are named for each column. */
    static final int EXAMPLES = 3;

    private final SortedMap<String, Change> columns = new TreeMap<>();

    /**
     * What changed in a column.
     *
     * @param rows how many rows
     * @param examples the first notes, at most {@value RemapChanges#EXAMPLES}
     */
    public record Change(long rows, List<String> examples) {

        public Change {
            examples = List.copyOf(examples);
        }

        private Change and(Change later) {
            List<String> all = new ArrayList<>(examples);
            later.examples.stream().filter(note -> !all.contains(note)).forEach(all::add);
            return new Change(rows + later.rows, all.subList(0, Math.min(EXAMPLES, all.size())));
        }
    }

    void add(String column, NoteId note) {
        add(column, new Change(1, List.of(note.value())));
    }

    /** Counts what changed in a column on top of what is counted already. */
    public void add(String column, Change change) {
        columns.merge(column, change, Change::and);
    }

    /** Counts all that another one has. */
    public void add(RemapChanges later) {
        later.columns.forEach(this::add);
    }

    /** By column, in the order of their names. */
    public SortedMap<String, Change> byColumn() {
        return new TreeMap<>(columns);
    }
}
