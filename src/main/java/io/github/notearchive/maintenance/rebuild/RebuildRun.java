package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.maintenance.rebuild.RebuildSummary.Found;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * State of one rebuild: its kind, and the counts of all executions of the instance. The counts are changed by the
 * thread of the step that reads sidecars, and stored in its context with the rows of each chunk.
 */
final class RebuildRun extends JobRun implements ItemStream {

    private static final Logger log = LoggerFactory.getLogger(RebuildRun.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Parameter of an instance that merges into tables with rows. */
    private static final String MISSING = "missing";

    private static final String PROGRESS = "progress";

    private volatile Progress current = new Progress(Found.NONE, null);
    private volatile Progress committed = current;
    private long sidecarsBefore;

    RebuildRun(Gate gate, boolean merges, @Nullable Duration maxDuration) {
        super(gate);
        addIdentity(MISSING, merges);
        addOption("maxDuration", maxDuration);
    }

    /** Counts, and the note of the sidecar that was written last. */
    private record Progress(Found found, @Nullable NoteId note) {}

    /** Returns whether missing rows are merged into tables with rows, which the instance determines. */
    boolean merges() {
        return Boolean.parseBoolean(parameters().getString(MISSING));
    }

    @Override
    public void open(ExecutionContext context) {
        if (context.containsKey(PROGRESS)) {
            current = JSON.readValue(context.getString(PROGRESS), Progress.class);
            committed = current;
            sidecarsBefore = current.found.sidecars();
        }
    }

    @Override
    public void update(ExecutionContext context) {
        committed = current;
        context.putString(PROGRESS, JSON.writeValueAsString(committed));
    }

    /** Counts a sidecar whose rows exist. */
    void countUnchanged() {
        count(0, 0, 0, List.of(), current.note);
    }

    /** Counts a sidecar of a note whose rows were written, with the files that the bucket does not have. */
    void countWritten(NoteId id, List<String> losses) {
        count(
                0,
                losses.size(),
                1,
                losses.stream().map(loss -> "note " + id + ": " + loss).toList(),
                id);
    }

    /** Counts an object that cannot be used as sidecar. */
    void countRefused(String name, String reason) {
        count(1, 0, 0, List.of(name + " is refused: " + reason), current.note);
    }

    private void count(long refused, long lost, long written, List<String> findings, @Nullable NoteId note) {
        List<String> lines =
                findings.stream().map(line -> line.replaceAll("\\R", " ")).toList();
        lines.forEach(line -> log.warn("{}", line));
        current = new Progress(current.found.plus(new Found(1, refused, lost, written, lines)), note);
    }

    /** Returns whether the previous written sidecar belongs to this note. */
    boolean hasJustWritten(NoteId id) {
        return id.equals(current.note);
    }

    /** Returns the counts so far, including those of the chunk in progress. */
    Found found() {
        return current.found;
    }

    /** Returns the counts whose rows are committed. */
    Found stored() {
        return committed.found;
    }

    /** Returns the number of sidecars that this execution read. */
    long sidecarsNow() {
        return committed.found.sidecars() - sidecarsBefore;
    }
}
