package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.stats.NoteStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistEntry;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.NoteHistories;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code explain}: shows the history of a note. */
@Command(name = "explain")
final class ExplainCommand extends ArchiveCommand {

    @Parameters(paramLabel = "NOTE_ID")
    private String note = "";

    @Mixin
    private JsonOption json = new JsonOption();

    /** Result, as printed. */
    record Explained(
            String note,
            NoteState state,
            List<String> next,
            List<NoteHistories.Event> story,
            WorklistEntry worklist,
            NoteCatalog.@Nullable NoteLine captured,
            List<NoteStats.CallEntry> calls,
            List<NoteStats.File> files) {}

    /** Result with what only the text shows. */
    record Text(Explained explained, List<SlotRow> slots, boolean isVideoEnabled) {

        /** Describes how often the note was postponed. */
        String times(int all, int tonight) {
            return DisplayFormat.plural(all, "time")
                    + (tonight == 0
                            ? ""
                            : ", %d of them in the night of %s"
                                    .formatted(tonight, explained.worklist().countedNight()));
        }

        boolean isListed(SlotRow slot) {
            return explained.files().stream()
                    .filter(file -> file.kind().equals(slot.kind().name()) && file.ordinal() == slot.ordinal())
                    .allMatch(NoteStats.File::isListed);
        }
    }

    @Component
    record Action(
            WorklistRepository worklist,
            ErasureList erased,
            NoteHistories histories,
            NoteCatalog notes,
            NoteStats calls,
            MediaCatalog media,
            VideoProperties videos) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        return read(Action.class, action -> {
            WorklistEntry entry = action.worklist.find(id).orElseThrow(() -> {
                requireNotErased(action.erased, id);
                return CommandFailure.usage(
                        "note " + id + " is not on the worklist; enqueue it with: note-archive enqueue " + id);
            });
            List<SlotRow> slots = action.media.slotsOf(id);
            NoteHistories.History history = action.histories.of(entry);
            Explained explained = new Explained(
                    id.value(),
                    entry.state(),
                    Stream.of(damage(slots), Stream.of(next(entry, history.files())), refresh(entry).stream())
                            .flatMap(lines -> lines)
                            .toList(),
                    history.events(),
                    entry,
                    action.notes.find(id).orElse(null),
                    action.calls.calls(id),
                    history.files());
            json.print(
                    explained,
                    out(),
                    () -> ConsoleText.render("explain", new Text(explained, slots, action.videos.enabled())));
            return ExitCode.COMPLETED;
        });
    }

    static String orNone(@Nullable String text) {
        return text == null ? "(none)" : text;
    }

    static String objectOrError(SlotRow slot) {
        return Stream.of(slot.media() == null ? null : slot.media().key(), slot.error())
                .filter(Objects::nonNull)
                .map(Object::toString)
                .collect(Collectors.joining("; "));
    }

    private static Stream<String> damage(List<SlotRow> slots) {
        return slots.stream()
                .filter(slot -> slot.damage() != null)
                .map(slot -> "%s %d is %s: note-archive verify --repair, then run"
                        .formatted(slot.kind(), slot.ordinal(), slot.damage()));
    }

    /** Describes the next refresh; empty if none is planned. */
    private static Optional<String> refresh(WorklistEntry entry) {
        String own = (entry.refreshDays() == null ? "" : "; requested every " + entry.refreshDays() + " nights")
                + (entry.refreshOn() == null ? "" : "; requested for the night of " + entry.refreshOn());
        if (entry.state() != NoteState.ARCHIVED && entry.state() != NoteState.UNAVAILABLE) {
            return own.isEmpty() ? Optional.empty() : Optional.of("refreshed once it is archived" + own);
        }
        String failures =
                entry.refreshAttempts() == 0 ? "" : ", after %d failed nights".formatted(entry.refreshAttempts());
        return Optional.ofNullable(entry.refreshNight())
                .map(night -> "refreshed, by a call, from the night of %s%s%s".formatted(night, failures, own));
    }

    private static String remedy(NoteId id, List<NoteStats.File> files) {
        List<String> missing = files.stream()
                .filter(file -> file.state() == SlotState.MISSING)
                .map(file -> file.kind() + " " + file.ordinal())
                .toList();
        if (missing.isEmpty()) {
            return "note-archive requeue " + id + " makes it due, with counters at 0";
        }
        String others =
                missing.size() == 1 ? "" : " (also " + String.join(", ", missing.subList(1, missing.size())) + ")";
        return "note-archive waive %s %s --reason TEXT%s accepts the missing file; requeue makes it due"
                .formatted(id, missing.getFirst(), others);
    }

    private static String next(WorklistEntry entry, List<NoteStats.File> files) {
        if (entry.claimedBy() != null) {
            return "node %s is processing it; if that process has died, its next run resumes the note"
                    .formatted(entry.claimedBy());
        }
        String due = entry.dueAt() == null ? "" : DisplayFormat.minute(entry.dueAt()) + " Shanghai";
        NoteId id = entry.id();
        return switch (entry.state()) {
            case PENDING -> "due since " + due + "; the next run claims it";
            case POSTPONED ->
                "a run retries it from " + due
                        + (entry.reason() == null
                                ? ""
                                : "; " + entry.reason().command() + ": "
                                        + entry.reason().effect());
            case ARCHIVED ->
                entry.dueAt() == null
                        ? "nothing"
                        : "a better rendition, or a missing file, is tried from %s, without a call".formatted(due);
            case UNAVAILABLE ->
                (entry.dueAt() == null ? "what was archived of it stays" : "checked again from " + due)
                        + ", by one more call; note-archive requeue " + id + " makes it due now";
            case FAILED -> "not retried by itself; " + remedy(id, files);
        };
    }
}
