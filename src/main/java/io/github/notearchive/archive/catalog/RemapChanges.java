package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Columns that a mapper changed, or would change.
 *
 * <p>A column is {@code table.column}. A table with several rows per note ({@code note_topic}, {@code note_mention},
 * {@code note_comment}) counts once per note or capture with different rows.
 */
public final class RemapChanges {

    static final int EXAMPLES = 3;

    private final SortedMap<String, Change> columns = new TreeMap<>();

    /** Number of changed rows of a column, and the first notes. */
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

    /**
     * Adds the columns of a row that differ, and returns whether any does.
     *
     * @param before null compares with a row of nulls
     */
    <R extends Record> boolean add(String table, Columns<R> columns, @Nullable R before, R after, NoteId note) {
        List<String> differing = columns.differing(before, after);
        differing.forEach(column -> add(table + "." + column, note));
        return !differing.isEmpty();
    }

    public void add(String column, Change change) {
        columns.merge(column, change, Change::and);
    }

    public void add(RemapChanges later) {
        later.columns.forEach(this::add);
    }

    /** Returns the changes by column name, sorted. */
    public SortedMap<String, Change> byColumn() {
        return new TreeMap<>(columns);
    }
}
