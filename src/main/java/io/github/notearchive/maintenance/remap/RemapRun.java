package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.archive.catalog.StoredResponses.Position;
import io.github.notearchive.batch.CurrentStep;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;

/**
 * State of one remap, and reader of its step: reads the stored responses page by page, in the order of note and time.
 *
 * <p>Position and changes of all executions of the instance are stored in the step's context, which is committed with
 * the rows of a page. A closed gate ends the reading and marks the step to terminate.
 */
final class RemapRun extends JobRun implements ItemStreamReader<Page> {

    private static final int EXAMPLES = 5;

    private static final String SCOPE = "scope";
    private static final String NOTE = "note";
    private static final String CAPTURED_AT = "capturedAt";
    private static final String ANSWERS = "answers";
    private static final String UNREADABLE = "unreadable";
    private static final String UNREADABLE_NOTES = "unreadableNotes";
    private static final String CHANGED = "changed.";

    private final RemapOptions options;
    private final StoredResponses responses;

    private Position last = Position.FIRST;
    private long answers;
    private long answersBefore;
    private long unreadable;
    private final List<String> unreadableNotes = new ArrayList<>();
    private final RemapChanges changes = new RemapChanges();

    RemapRun(RemapOptions options, Gate gate, StoredResponses responses) {
        super(gate);
        this.options = options;
        this.responses = responses;
    }

    RemapOptions options() {
        return options;
    }

    @Override
    public @Nullable Page read() {
        if (gate().isClosed()) {
            CurrentStep.end();
            return null;
        }
        return next();
    }

    /** Returns the next page; null when all responses are read. */
    @Nullable
    Page next() {
        Page page = responses.next(
                last(),
                options.all(),
                (id, callId, capturedAt, body, answer) ->
                        ResponseReader.noteIn(answer, id).map(found -> found.capture(id, callId, capturedAt, body)));
        return page.answers() == 0 ? null : page;
    }

    private synchronized Position last() {
        return last;
    }

    /** Records a page whose rows were written or compared. */
    synchronized void done(Page page, RemapChanges changed) {
        last = page.last();
        answers += page.answers();
        unreadable += page.unreadable().size();
        page.unreadable().stream().map(NoteId::value).forEach(this::addUnreadable);
        changes.add(changed);
    }

    private void addUnreadable(String note) {
        if (unreadableNotes.size() < EXAMPLES && !unreadableNotes.contains(note)) {
            unreadableNotes.add(note);
        }
    }

    /** Returns the number of responses that are not read yet. */
    long countRemaining() {
        return responses.count(last(), options.all());
    }

    /** Returns the number of responses that were read, in all executions of the instance. */
    synchronized long answers() {
        return answers;
    }

    /** Returns how many of them this execution read. */
    synchronized long answersNow() {
        return answers - answersBefore;
    }

    synchronized long unreadable() {
        return unreadable;
    }

    synchronized List<String> unreadableNotes() {
        return List.copyOf(unreadableNotes);
    }

    synchronized Map<String, RemapChanges.Change> changes() {
        return changes.byColumn();
    }

    /** Returns what determines which responses are read; a position of another scope is not used. */
    private String scope() {
        return "mapper " + NoteMapper.VERSION + (options.all() ? ", all answers" : "");
    }

    /** Continues at the position of the previous execution, unless that one read other responses. */
    @Override
    public synchronized void open(ExecutionContext context) {
        if (!scope().equals(context.getString(SCOPE, ""))) {
            return;
        }
        last = new Position(
                Objects.requireNonNull(context.getString(NOTE)), Instant.parse(context.getString(CAPTURED_AT)));
        answers = context.getLong(ANSWERS);
        answersBefore = answers;
        unreadable = context.getLong(UNREADABLE);
        Arrays.stream(words(context.getString(UNREADABLE_NOTES))).forEach(this::addUnreadable);
        for (var entry : context.entrySet()) {
            if (entry.getKey().startsWith(CHANGED)) {
                String[] rowsAndNotes = words(entry.getValue().toString());
                changes.add(
                        entry.getKey().substring(CHANGED.length()),
                        new RemapChanges.Change(
                                Long.parseLong(rowsAndNotes[0]),
                                Arrays.asList(rowsAndNotes).subList(1, rowsAndNotes.length)));
            }
        }
    }

    @Override
    public synchronized void update(ExecutionContext context) {
        context.putString(SCOPE, scope());
        context.putString(NOTE, last.note());
        context.putString(CAPTURED_AT, last.capturedAt().toString());
        context.putLong(ANSWERS, answers);
        context.putLong(UNREADABLE, unreadable);
        context.putString(UNREADABLE_NOTES, String.join(" ", unreadableNotes));
        changes.byColumn()
                .forEach((column, change) -> context.putString(
                        CHANGED + column, (change.rows() + " " + String.join(" ", change.examples())).strip()));
    }

    private static String[] words(String text) {
        return text.isEmpty() ? new String[0] : text.split(" ");
    }
}
