package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.note.NoteId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStream;
import org.springframework.stereotype.Component;

/** What a rebuild has met so far. Kept with the step, so that the restart after a kill tells of all of it, too. */
@Component
class RebuildCounts implements ItemStream {

    private static final Logger log = LoggerFactory.getLogger(RebuildCounts.class);

    /** How many findings are named in the report; the log names all. */
    static final int NAMED = 100;

    private static final String SIDECARS = "sidecars";
    private static final String REFUSED = "refused";
    private static final String LOST = "lost";
    private static final String WRITTEN = "written";
    private static final String NOTE = "note";
    private static final String FINDINGS = "findings";

    private long sidecars;
    private long refused;
    private long lost;
    private long written;
    private @Nullable NoteId note;
    private final List<String> findings = new ArrayList<>();

    @Override
    public synchronized void open(ExecutionContext context) {
        sidecars = context.getLong(SIDECARS, 0);
        refused = context.getLong(REFUSED, 0);
        lost = context.getLong(LOST, 0);
        written = context.getLong(WRITTEN, 0);
        String last = context.getString(NOTE, "");
        note = last.isEmpty() ? null : new NoteId(last);
        findings.clear();
        findings.addAll(findings(context));
    }

    @Override
    public synchronized void update(ExecutionContext context) {
        context.putLong(SIDECARS, sidecars);
        context.putLong(REFUSED, refused);
        context.putLong(LOST, lost);
        context.putLong(WRITTEN, written);
        if (note != null) {
            context.putString(NOTE, note.value());
        }
        context.putString(FINDINGS, String.join("\n", findings));
    }

    synchronized void read() {
        sidecars++;
    }

    /** Counts a sidecar whose rows were written, and keeps whose it was. */
    synchronized void write(NoteId id) {
        written++;
        note = id;
    }

    /** Whether the sidecar before, if one was written at all, was of this note. */
    synchronized boolean hasJustWritten(NoteId id) {
        return id.equals(note);
    }

    /** Takes note of an object that cannot be used; it stays where it is. */
    synchronized void refuse(String name, String reason) {
        sidecars++;
        refused++;
        find(name + " is refused: " + reason);
    }

    /** Takes note of a file that a note should have and the bucket has not. */
    synchronized void lose(String finding) {
        lost++;
        find(finding);
    }

    private void find(String finding) {
        String line = finding.replaceAll("\\R", " ");
        log.warn("{}", line);
        if (findings.size() < NAMED) {
            findings.add(line);
        }
    }

    /** So many sidecars were read, the refused ones included. */
    synchronized long sidecars() {
        return sidecars;
    }

    private static List<String> findings(ExecutionContext context) {
        String lines = context.getString(FINDINGS, "");
        return lines.isEmpty() ? List.of() : lines.lines().toList();
    }

    /** What a step has kept, for the report. */
    static RebuildSummary.Found found(ExecutionContext context) {
        return new RebuildSummary.Found(
                context.getLong(SIDECARS, 0),
                context.getLong(REFUSED, 0),
                context.getLong(LOST, 0),
                context.getLong(WRITTEN, 0),
                findings(context));
    }
}
