package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.RemapChange;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.archive.catalog.StoredResponses.Position;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.dao.DataAccessException;
import tools.jackson.databind.json.JsonMapper;

/**
 * State of one remap, and reader and writer of its step: reads the stored responses page by page, in the order of note
 * and time. A closed gate ends the reading and marks the step to terminate.
 */
final class RemapRun extends JobRun implements ItemStreamReader<Page>, ItemWriter<Page> {

    private static final Logger log = LoggerFactory.getLogger(RemapRun.class);

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String PROGRESS = "progress";
    private static final int EXAMPLES = 5;

    /** PostgreSQL's lock_not_available and deadlock_detected. */
    private static final Set<String> LOCKED = Set.of("55P03", "40P01");

    private static final int MAX_ATTEMPTS = 60;
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final boolean all;
    private final StoredResponses responses;
    private final Savepoint savepoint;

    /** Responses read by previous executions of the instance. */
    private long answersBefore;

    private volatile Progress progress;

    RemapRun(boolean all, Gate gate, StoredResponses responses, Savepoint savepoint, @Nullable Duration maxDuration) {
        super(gate);
        this.all = all;
        this.responses = responses;
        this.savepoint = savepoint;
        // a position of other responses is not used
        String scope = "mapper " + NoteMapper.VERSION + (all ? ", all answers" : "");
        this.progress = new Progress(scope, Position.FIRST, 0, 0, List.of(), Map.of());
        addOption("all", all);
        addOption("maxDuration", maxDuration);
    }

    /**
     * Position and results of all executions of the instance. Stored in the step's context, which is committed with the
     * rows of a page.
     *
     * @param scope what determines which responses are read
     * @param answers responses that were read
     * @param unreadable responses that do not contain their note
     * @param unreadableNotes the first notes of these
     */
    record Progress(
            String scope,
            Position last,
            long answers,
            long unreadable,
            List<String> unreadableNotes,
            Map<String, RemapChange> changes) {

        Progress after(Page page, Map<String, RemapChange> changed) {
            SortedMap<String, RemapChange> sum = new TreeMap<>(changes);
            changed.forEach((column, change) -> sum.merge(column, change, RemapChange::and));
            return new Progress(
                    scope,
                    page.last(),
                    answers + page.answers(),
                    unreadable + page.unreadable().size(),
                    Stream.concat(
                                    unreadableNotes.stream(),
                                    page.unreadable().stream().map(NoteId::value))
                            .distinct()
                            .limit(EXAMPLES)
                            .toList(),
                    sum);
        }
    }

    boolean isOfAll() {
        return all;
    }

    Progress progress() {
        return progress;
    }

    /** Returns how many responses this execution read. */
    long answersNow() {
        return progress.answers - answersBefore;
    }

    /** Returns the number of responses that are not read yet. */
    long countRemaining() {
        return responses.count(progress.last, all);
    }

    /** Continues at the position of the previous execution, unless that one read other responses. */
    @Override
    public void open(ExecutionContext context) {
        if (context.containsKey(PROGRESS)) {
            Progress before = JSON.readValue(context.getString(PROGRESS), Progress.class);
            if (before.scope.equals(progress.scope)) {
                progress = before;
                answersBefore = before.answers;
            }
        }
    }

    @Override
    public void update(ExecutionContext context) {
        context.putString(PROGRESS, JSON.writeValueAsString(progress));
    }

    @Override
    public @Nullable Page read() {
        if (gate().isClosed()) {
            Gate.endStep();
            return null;
        }
        return next();
    }

    private @Nullable Page next() {
        Page page = responses.next(progress.last, all);
        return page.answers() == 0 ? null : page;
    }

    /** Compares the next page with the rows, without writing; returns false when all responses are read. */
    boolean compareNext() {
        Page page = next();
        if (page != null) {
            progress = progress.after(page, responses.compare(page));
        }
        return page != null;
    }

    /**
     * Writes pages. A page that waits too long for rows locked by a run is rolled back and repeated, so that the run is
     * never part of a deadlock. Writes nothing if the remap is stopped meanwhile: the next execution reads the page
     * again.
     */
    @Override
    public void write(Chunk<? extends Page> pages) throws InterruptedException {
        for (Page page : pages) {
            for (int attempt = 1; !isWritten(page, attempt) && !gate().isClosed(); attempt++) {
                Thread.sleep(PAUSE);
            }
        }
    }

    private boolean isWritten(Page page, int attempt) {
        try {
            progress = progress.after(page, savepoint.execute(_ -> responses.write(page)));
            return true;
        } catch (DataAccessException e) {
            // Spring translates these states for single statements, but not for a batch
            if (attempt < MAX_ATTEMPTS
                    && DatabaseErrors.sqlState(e).filter(LOCKED::contains).isPresent()) {
                log.debug("The rows of a page are locked by another transaction; attempt {}", attempt, e);
                return false;
            }
            throw e;
        }
    }
}
