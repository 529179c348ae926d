package io.github.notearchive.worklist;

import java.util.List;

/**
 * What became of a list of ids.
 *
 * @param added notes that are new on the worklist
 * @param known notes that were on it already; their rows are untouched
 * @param repeated lines that named a note a second time
 * @param rejected lines that name no note, or one that was forgotten
 * @param examples the first of the rejected lines
 */
public record EnqueueReport(
        long added, long known, long repeated, long rejected, List<Rejected> examples) {

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
