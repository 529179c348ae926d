package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.RemapChanges;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.archive.catalog.StoredResponses.Position;
import io.github.notearchive.batch.ActiveJob;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.batch.infrastructure.item.ExecutionContext;

/**
 * What belongs to one remap: how far it has come and what it has changed, in all executions of its instance. The step's
 * context keeps that with every page.
 */
final class ActiveRemap extends ActiveJob {

    private static final int EXAMPLES = 5;

    private static final String SCOPE = "scope";
    private static final String NOTE = "note";
    private static final String CAPTURED_AT = "capturedAt";
    private static final String ANSWERS = "answers";
    private static final String UNREADABLE = "unreadable";
    private static final String UNREADABLE_NOTES = "unreadableNotes";
    private static final String CHANGED = "changed.";

    private final RemapOptions options;
    private final int fieldsBefore;

    private Position last = Position.FIRST;
    private long answers;
    private long answersBefore;
    private long unreadable;
    private final List<String> unreadableNotes = new ArrayList<>();
    private final RemapChanges changes = new RemapChanges();

    /** @param fieldsBefore how many new fields this process had recorded before */
    ActiveRemap(RemapOptions options, int fieldsBefore) {
        this.options = options;
        this.fieldsBefore = fieldsBefore;
    }

    RemapOptions options() {
        return options;
    }

    int fieldsBefore() {
        return fieldsBefore;
    }

    synchronized Position last() {
        return last;
    }

    synchronized long answers() {
        return answers;
    }

    /** Of the answers, those that this execution read. */
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

    /** What decides which answers are read: of another one the place says nothing. */
    private String scope() {
        return "mapper " + NoteMapper.VERSION + (options.all() ? ", all answers" : "");
    }

    /** Goes on where an execution before it ended, unless that one read other answers. */
    synchronized void restore(ExecutionContext context) {
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

    synchronized void keep(ExecutionContext context) {
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
