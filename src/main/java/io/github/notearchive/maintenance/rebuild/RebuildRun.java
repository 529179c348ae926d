package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStream;

/**
 * State of one rebuild: its kind, and the counts of all executions of the instance, which are stored in the context of
 * the step that reads sidecars. Thread-safe.
 */
final class RebuildRun extends JobRun implements ItemStream {

    private static final Logger log = LoggerFactory.getLogger(RebuildRun.class);

    /** Maximum number of findings in the summary; the log contains all. */
    static final int MAX_FINDINGS = 100;

    /** Parameter of an instance that merges into tables with rows. */
    private static final String MISSING = "missing";

    private static final String SIDECARS = "sidecars";
    private static final String REFUSED = "refused";
    private static final String LOST = "lost";
    private static final String WRITTEN = "written";
    private static final String NOTE = "note";
    private static final String FINDINGS = "findings";

    private long sidecars;
    private long sidecarsBefore;
    private long refused;
    private long lost;
    private long written;
    private @Nullable NoteId note;
    private final List<String> findings = new ArrayList<>();

    RebuildRun(Gate gate, boolean merges, @Nullable Duration maxDuration) {
        super(gate);
        addIdentity(MISSING, merges);
        addOption("maxDuration", maxDuration);
    }

    /** Returns whether missing rows are merged into tables with rows, determined by the instance. */
    boolean merges() {
        return Boolean.parseBoolean(parameters().getString(MISSING));
    }

    @Override
    public synchronized void open(ExecutionContext context) {
        RebuildSummary.Found before = found(context);
        sidecars = before.sidecars();
        sidecarsBefore = sidecars;
        refused = before.refused();
        lost = before.lost();
        written = before.written();
        String last = context.getString(NOTE, "");
        note = last.isEmpty() ? null : new NoteId(last);
        findings.clear();
        findings.addAll(before.findings());
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

    /** Counts a sidecar whose rows exist. */
    synchronized void countUnchanged() {
        sidecars++;
    }

    /** Counts a sidecar of a note whose rows were written, with the files that the bucket does not have. */
    synchronized void countWritten(NoteId id, List<String> losses) {
        sidecars++;
        written++;
        note = id;
        lost += losses.size();
        losses.forEach(loss -> addFinding("note " + id + ": " + loss));
    }

    /** Returns whether the previous written sidecar belongs to this note. */
    synchronized boolean hasJustWritten(NoteId id) {
        return id.equals(note);
    }

    /** Counts an object that cannot be used as sidecar. */
    synchronized void countRefused(String name, String reason) {
        sidecars++;
        refused++;
        addFinding(name + " is refused: " + reason);
    }

    private void addFinding(String finding) {
        String line = finding.replaceAll("\\R", " ");
        log.warn("{}", line);
        if (findings.size() < MAX_FINDINGS) {
            findings.add(line);
        }
    }

    /** Returns the number of sidecars that this execution read. */
    synchronized long sidecarsNow() {
        return sidecars - sidecarsBefore;
    }

    /** Returns the number of sidecars that were read, including refused ones. */
    synchronized long sidecars() {
        return sidecars;
    }

    /** Returns the counts stored in the context of a step. */
    static RebuildSummary.Found found(ExecutionContext context) {
        String lines = context.getString(FINDINGS, "");
        return new RebuildSummary.Found(
                context.getLong(SIDECARS, 0),
                context.getLong(REFUSED, 0),
                context.getLong(LOST, 0),
                context.getLong(WRITTEN, 0),
                lines.isEmpty() ? List.of() : lines.lines().toList());
    }
}
