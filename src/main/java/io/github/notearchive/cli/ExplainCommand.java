package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.ledger.CallHistory;
import io.github.notearchive.archive.stats.NoteStats;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistEntry;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.NoteHistories;
import io.github.notearchive.report.NoteHistory;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code explain}: one note's whole story. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description =
                "Tells one note's story: every call, every file, why it is in its state, and what happens next and when.")
final class ExplainCommand implements Callable<Integer> {

    @Parameters(paramLabel = "NOTE_ID", description = "The note.")
    private String note = "";

    @Option(names = "--json", description = "Prints the same as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** All of it, as it is printed. */
    record Explained(
            String note,
            NoteState state,
            List<String> next,
            List<NoteHistory.Event> story,
            WorklistEntry worklist,
            NoteCatalog.@Nullable NoteLine captured,
            List<CallHistory.CallEntry> calls,
            List<NoteStats.File> files) {}

    @Override
    public Integer call() {
        NoteId id = Arguments.noteId(spec, note);
        try (CommandContext context = CommandContext.openExisting()) {
            PrintWriter out = spec.commandLine().getOut();
            Optional<WorklistEntry> entry =
                    context.get(WorklistRepository.class).find(id);
            if (entry.isEmpty()) {
                Forgotten.refuse(context, id);
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "note " + id + " is not on the worklist; enqueue it with: note-archive enqueue " + id);
            }
            NoteHistory story = context.get(NoteHistories.class).tell(entry.get());
            Optional<NoteCatalog.NoteLine> captured =
                    context.get(NoteCatalog.class).find(id);
            List<CallHistory.CallEntry> calls = context.get(CallHistory.class).of(id);
            List<String> next = Stream.concat(
                            Stream.of(next(entry.get(), context.get(NoteHistories.class))),
                            refresh(entry.get()).stream())
                    .toList();
            if (json) {
                Json.print(
                        new Explained(
                                id.value(),
                                entry.get().state(),
                                next,
                                story.events(),
                                entry.get(),
                                captured.orElse(null),
                                calls,
                                story.files()),
                        out);
                out.flush();
                return ExitCode.COMPLETED.number();
            }
            tell(entry.get(), out);
            captured.ifPresent(line -> tell(line, out));
            tell(story, next, out);
            tellCalls(calls, out);
            List<MediaCatalog.SlotRow> files = context.get(MediaCatalog.class).slotsOf(id);
            tellFiles(files, story.files(), out);
            tellVideo(files, context.get(VideoProperties.class), id, out);
            out.flush();
            return ExitCode.COMPLETED.number();
        }
    }

    private static void tell(WorklistEntry entry, PrintWriter out) {
        out.printf("Note %s is %s%n", entry.id(), entry.state());
        out.printf(
                "  enqueued %s from \"%s\" with priority %d (times of Shanghai)%n",
                DisplayFormat.minute(entry.enqueuedAt()), TerminalText.line(entry.source()), entry.priority());
        if (entry.settledAt() != null) {
            out.printf(
                    "  last decided %s%s%n",
                    DisplayFormat.minute(entry.settledAt()),
                    entry.settledBy() == null
                            ? " by an operator, or by a run before the tables were rebuilt"
                            : " by execution " + entry.settledBy());
        }
        if (entry.reason() != null) {
            out.println("  reason " + entry.reason()
                    + (entry.detail() == null ? "" : ": " + TerminalText.line(entry.detail())));
        }
        out.printf(
                "  put off by the provider %d times, %d of them in the night of %s; for its files %d times, %d of them that night%n",
                entry.attempts(),
                entry.attemptsTonight(),
                entry.countedNight() == null ? "-" : entry.countedNight(),
                entry.mediaAttempts(),
                entry.mediaAttemptsTonight());
        if (entry.claimedBy() != null) {
            out.printf(
                    "  in work on node %s, lease until %s%n",
                    entry.claimedBy(), DisplayFormat.second(entry.claimedUntil()));
        }
    }

    private static void tell(NoteCatalog.NoteLine note, PrintWriter out) {
        out.println("Captured");
        out.printf(
                "  \"%s\" by %s, type %s, published %s%n",
                orNone(note.title()),
                orNone(note.author()),
                orNone(note.type()),
                DisplayFormat.minute(note.publishedAt()));
        out.printf(
                "  %d captures, first %s, last %s%n",
                note.captures(),
                DisplayFormat.minute(note.firstCapturedAt()),
                DisplayFormat.minute(note.lastCapturedAt()));
        out.printf(
                "  complete since %s, sidecar %s%n",
                DisplayFormat.minute(note.archivedAt()), orNone(note.sidecarKey()));
    }

    /** Day and time of each event, the day only where it is another one. */
    private static void tell(NoteHistory story, List<String> next, PrintWriter out) {
        out.println("Story (times of Shanghai)");
        String day = "";
        for (NoteHistory.Event event : story.events()) {
            String at = DisplayFormat.second(event.at());
            String date = at.substring(0, 10);
            out.printf(
                    "  %s %s  %s%n",
                    date.equals(day) ? " ".repeat(10) : date, at.substring(11), TerminalText.line(event.what()));
            day = date;
        }
        next.forEach(line -> out.printf("  %-19s  %s%n", "next", TerminalText.line(line)));
    }

    private static String orNone(@Nullable String text) {
        return text == null ? "(none)" : TerminalText.line(text);
    }

    private static void tellCalls(List<CallHistory.CallEntry> calls, PrintWriter out) {
        out.println("Calls");
        TextTable table = new TextTable(
                "call", "question", "sent", "ms", "http", "code", "billed", "execution", "answer", "message");
        for (CallHistory.CallEntry call : calls) {
            String answer = call.responseHeld() ? call.mediaGoneAt() == null ? "held" : "held, files dead" : "";
            table.row(
                    call.id(),
                    call.endpoint(),
                    DisplayFormat.second(call.sentAt()),
                    call.durationMs(),
                    call.httpStatus(),
                    call.code(),
                    call.billed(),
                    call.jobExecutionId(),
                    answer,
                    call.receivedAt() == null ? "in flight when its process ended, or now" : call.message());
        }
        out.print(table.isEmpty() ? "  none\n" : table);
    }

    private static void tellFiles(List<MediaCatalog.SlotRow> slots, List<NoteStats.File> files, PrintWriter out) {
        out.println("Files");
        TextTable table = new TextTable(
                "kind", "ordinal", "state", "reason", "rendition", "size", "type", "listed", "object or error");
        for (MediaCatalog.SlotRow slot : slots) {
            var media = slot.media();
            table.row(
                    slot.kind(),
                    slot.ordinal(),
                    slot.damage() == null ? slot.state() : "found " + slot.damage(),
                    slot.reason(),
                    slot.rendition(),
                    media == null ? null : DisplayFormat.size(media.size()),
                    media == null ? null : media.contentType(),
                    isListed(slot, files) ? "" : "no longer",
                    media == null
                            ? slot.error()
                            : slot.error() == null ? media.key() : media.key() + "; " + slot.error());
        }
        out.print(table.isEmpty() ? "  none known\n" : table);
    }

    private static boolean isListed(MediaCatalog.SlotRow slot, List<NoteStats.File> files) {
        return files.stream()
                .filter(file -> file.kind().equals(slot.kind().name()) && file.ordinal() == slot.ordinal())
                .allMatch(NoteStats.File::isListed);
    }

    /** What stands between the note and its video, where that is a call of its own. */
    private static void tellVideo(
            List<MediaCatalog.SlotRow> files, VideoProperties settings, NoteId id, PrintWriter out) {
        for (MediaCatalog.SlotRow file : files) {
            if (file.kind() != MediaKind.VIDEO || file.reason() == null) {
                continue;
            }
            String what = switch (file.reason()) {
                case MediaSlots.NOT_OFFERED_BY_V1 ->
                    "its answer carries none, and it was not asked for by a call of its own (note-detail/v6); "
                            + (settings.enabled()
                                    ? "requeue " + id + " has the next run do so"
                                    : "with archive.video.enabled, requeue " + id + " has the next run do so");
                case MediaSlots.NOT_OFFERED_BY_V6 ->
                    "it was asked for by a call of its own (note-detail/v6), and the provider has none; requeue "
                            + id
                            + " asks again";
                case "NO_ANSWER" ->
                    settings.enabled()
                            ? "it takes a call of its own (note-detail/v6), which is made when the note is taken up again"
                            : "it takes a call of its own (note-detail/v6), which is not made any more (archive.video.enabled): the next run waives it";
                default -> null;
            };
            if (what != null) {
                out.println("Video");
                out.println("  " + what);
            }
        }
    }

    /** When it is asked about anew; empty when never. */
    private static Optional<String> refresh(WorklistEntry entry) {
        String own = (entry.refreshDays() == null ? "" : "; it is to be every " + entry.refreshDays() + " nights")
                + (entry.refreshOn() == null ? "" : "; it was to be in the night of " + entry.refreshOn());
        if (entry.state() != NoteState.ARCHIVED && entry.state() != NoteState.UNAVAILABLE) {
            return own.isEmpty() ? Optional.empty() : Optional.of("asked about anew once it is archived" + own);
        }
        return entry.refreshNight() == null
                ? Optional.empty()
                : Optional.of("asked about anew, by a call, from the night of "
                        + entry.refreshNight()
                        + (entry.refreshAttempts() == 0 ? "" : ", after " + entry.refreshAttempts() + " nights in vain")
                        + own);
    }

    private static String next(WorklistEntry entry, NoteHistories stories) {
        if (entry.claimedBy() != null) {
            return "node "
                    + entry.claimedBy()
                    + " is working on it; if that process is gone, its next run takes the note up again";
        }
        String due = entry.dueAt() == null ? "" : DisplayFormat.minute(entry.dueAt()) + " Shanghai";
        return switch (entry.state()) {
            case PENDING -> "due since " + due + "; the next run takes it up";
            case POSTPONED ->
                "a run takes it up again from "
                        + due
                        + (entry.reason() == null ? "" : ", " + stories.costOf(entry.reason()));
            case ARCHIVED ->
                (entry.dueAt() == null
                                ? "nothing"
                                : "a better rendition, or a file that could not be had, is tried for from "
                                        + due
                                        + ", without a call")
                        + "; requeue "
                        + entry.id()
                        + " looks at it again";
            case UNAVAILABLE ->
                (entry.dueAt() == null ? "what was archived of it stays" : "looked at again from " + due)
                        + "; requeue "
                        + entry.id()
                        + " does so with the next run";
            case FAILED ->
                "nothing by itself; requeue "
                        + entry.id()
                        + " makes it due, waive "
                        + entry.id()
                        + " KIND ORDINAL accepts a missing file";
        };
    }
}
