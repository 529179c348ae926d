package io.github.notearchive.archive.worklist;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a list of ids.
 *
 * @param added notes that are new on the worklist
 * @param known notes that were on it already; their rows are untouched
 * @param repeated lines that named a note a second time
 * @param rejected lines that name no note, or one that was forgotten
 * @param examples the first of the rejected lines
 * @param heading the first line, where it was read as headings because it names no note and no column of notes; null:
 *     none was
 */
public record EnqueueReport(
        long added,
        long known,
        long repeated,
        long rejected,
        List<Rejected> examples,
        @Nullable String heading) {

    /**
     * A line that names no note.
     *
     * @param line its number, from 1
     * @param text its text, shortened
     * @param reason what is wrong with it, and what to do
     */
    public record Rejected(long line, String text, String reason) {

        @Override
        public String toString() {
            return "line " + line + " \"" + text + "\" " + reason;
        }
    }
}
