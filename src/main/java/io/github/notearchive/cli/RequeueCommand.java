package io.github.notearchive.cli;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.stats.NoteFilter;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code requeue}: makes notes due again. */
@Command(name = "requeue")
final class RequeueCommand extends ArchiveCommand {

    @Parameters(paramLabel = "NOTE_ID", arity = "0..*")
    private List<String> ids = List.of();

    @Option(names = "--state", paramLabel = "STATE")
    private List<NoteState> states = new ArrayList<>();

    @Option(names = "--filter", paramLabel = "TEXT")
    private @Nullable String filter;

    @Option(names = "--without-video")
    private boolean withoutVideo;

    @Option(names = "--degraded")
    private boolean degraded;

    @Component
    record Action(
            WorklistRepository actions,
            PaidResponses responses,
            ErasureList erased,
            VideoProperties videos,
            LedgerProperties ledger,
            Clock clock) {}

    @Override
    public Integer call() throws Exception {
        boolean isByGroup = !states.isEmpty() || filter != null || withoutVideo || degraded;
        refuseIf(ids.isEmpty() != isByGroup, "name either notes or a group of them, such as: requeue --state FAILED");
        refuseIf(filter != null && filter.isBlank(), "--filter must not be empty");
        List<NoteId> notes = noteIds(ids);
        NoteFilter matching = filter == null ? null : filter(filter);
        return execute(Action.class, action -> {
            requireEnabled(action);
            requeueGroups(action);
            if (matching != null) {
                long due = action.actions.requeue(matching);
                out().println(DisplayFormat.plural(due, "matching note") + " made due now");
            }
            return notes.isEmpty() ? ExitCode.COMPLETED : requeue(notes, action);
        });
    }

    private void requireEnabled(Action action) {
        if (withoutVideo && !action.videos.enabled()) {
            throw CommandFailure.usage(
                    "videos are not bought, so nothing was made due: set ARCHIVE_VIDEO_ENABLED=true (archive.video.enabled) first, here and for the runs");
        }
        if (degraded && !action.ledger.buyAgain()) {
            throw CommandFailure.usage(
                    "no new responses are bought, so nothing was made due: set archive.ledger.buy-again to true first, here and for the runs");
        }
    }

    private void requeueGroups(Action action) {
        for (NoteState state : states) {
            out().println("%s: %d notes are due now".formatted(state, action.actions.requeue(state)));
        }
        if (withoutVideo) {
            long due = action.actions.requeueWithoutVideo();
            out().println(due + " archived notes whose video was not requested are due now");
        }
        if (degraded) {
            action.responses.replaceDegraded(action.clock.instant());
            long due = action.actions.requeueDegraded();
            out().println(due + " archived notes with a lesser rendition of a file are due now");
        }
    }

    private ExitCode requeue(List<NoteId> notes, Action action) {
        List<NoteId> due = action.actions.requeue(notes);
        out().println(due.size() + " notes are due now");
        for (NoteId note : notes) {
            if (!due.contains(note)) {
                String reason = erasure(action.erased, note).orElse(" is not on the worklist, or in progress");
                err().println("  " + note + reason);
            }
        }
        return due.size() == notes.stream().distinct().count() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }
}
