package io.github.notearchive.archive.worklist;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Result of enqueueing a list of ids.
 *
 * @param added new notes
 * @param known notes that were on the worklist; their rows are unchanged
 * @param repeated lines with a note of an earlier line
 * @param rejected lines without a note, or with an erased one
 * @param examples first rejected lines
 * @param heading first line, if it was read as a heading because it names neither a note nor a column of notes;
 *     otherwise null
 */
public record EnqueueReport(
        long added,
        long known,
        long repeated,
        long rejected,
        List<Rejected> examples,
        @Nullable String heading) {

    /**
     * A rejected line.
     *
     * @param line line number, from 1
     * @param text text of the line, shortened
     * @param reason what is wrong and what to do
     */
    public record Rejected(long line, String text, String reason) {

        @Override
        public String toString() {
            return "line " + line + " \"" + text + "\" " + reason;
        }
    }
}
