package io.github.notearchive.cli;

import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.text.DisplayFormat;
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
    static final class Action {

        private final WorklistRepository actions;
        private final NoteList list;
        private final PaidResponses responses;
        private final ErasureList erased;
        private final VideoProperties videos;
        private final LedgerProperties ledger;
        private final Clock clock;

        Action(
                WorklistRepository actions,
                NoteList list,
                PaidResponses responses,
                ErasureList erased,
                VideoProperties videos,
                LedgerProperties ledger,
                Clock clock) {
            this.actions = actions;
            this.list = list;
            this.responses = responses;
            this.erased = erased;
            this.videos = videos;
            this.ledger = ledger;
            this.clock = clock;
        }
    }

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
                List<NoteId> due = action.actions.requeue(action.list.ids(matching));
                out().println(dueNow(due.size(), "matching note"));
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

    private static String dueNow(long notes, String noun) {
        return DisplayFormat.plural(notes, noun) + " made due now";
    }

    private void requeueGroups(Action action) {
        for (NoteState state : states) {
            out().println(state + ": " + dueNow(action.actions.requeue(state), "note"));
        }
        if (withoutVideo) {
            out().println(dueNow(action.actions.requeueWithoutVideo(), "archived note")
                    + ": the video was not requested");
        }
        if (degraded) {
            action.responses.replaceDegraded(action.clock.instant());
            out().println(dueNow(action.actions.requeueDegraded(), "archived note")
                    + ": a file is in a lesser rendition");
        }
    }

    private ExitCode requeue(List<NoteId> notes, Action action) {
        List<NoteId> due = action.actions.requeue(notes);
        out().println(dueNow(due.size(), "note"));
        for (NoteId note : notes) {
            if (!due.contains(note)) {
                String reason = erasure(action.erased, note).orElse(" is not on the worklist, or in progress");
                err().println("  " + note + reason);
            }
        }
        return due.size() == notes.stream().distinct().count() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }
}
