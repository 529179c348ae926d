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

    @Override
    public Integer call() throws Exception {
        boolean isByGroup = !states.isEmpty() || filter != null || withoutVideo || degraded;
        refuseIf(ids.isEmpty() != isByGroup, "name either notes or a group of them, such as: requeue --state FAILED");
        refuseIf(filter != null && filter.isBlank(), "--filter must not be empty");
        List<NoteId> notes = noteIds(ids);
        NoteFilter matching = filter == null ? null : filter(filter);
        return execute(context -> {
            WorklistRepository worklist = context.get(WorklistRepository.class);
            requireEnabled(context);
            requeueGroups(context, worklist);
            if (matching != null) {
                List<NoteId> due = worklist.requeue(context.get(NoteList.class).ids(matching));
                out().println(dueNow(due.size(), "matching note"));
            }
            return notes.isEmpty() ? ExitCode.COMPLETED : requeue(notes, context, worklist);
        });
    }

    private void requireEnabled(CommandContext context) {
        VideoProperties videos = context.get(VideoProperties.class);
        LedgerProperties ledger = context.get(LedgerProperties.class);
        if (withoutVideo && !videos.enabled()) {
            throw CommandFailure.usage("videos are not bought, so nothing was made due: set ARCHIVE_VIDEO_ENABLED=true "
                    + "(archive.video.enabled) first, here and for the runs");
        }
        if (degraded && !ledger.buyAgain()) {
            throw CommandFailure.usage(
                    "no new responses are bought, so nothing was made due: set archive.ledger.buy-again to true "
                            + "first, here and for the runs");
        }
    }

    private static String dueNow(long notes, String noun) {
        return DisplayFormat.plural(notes, noun) + " made due now";
    }

    private void requeueGroups(CommandContext context, WorklistRepository worklist) {
        for (NoteState state : states) {
            out().println(state + ": " + dueNow(worklist.requeue(state), "note"));
        }
        if (withoutVideo) {
            out().println(dueNow(worklist.requeueWithoutVideo(), "archived note") + ": the video was not requested");
        }
        if (degraded) {
            context.get(PaidResponses.class)
                    .replaceDegraded(context.get(Clock.class).instant());
            out().println(dueNow(worklist.requeueDegraded(), "archived note") + ": a file is in a lesser rendition");
        }
    }

    private ExitCode requeue(List<NoteId> notes, CommandContext context, WorklistRepository worklist) {
        List<NoteId> due = worklist.requeue(notes);
        out().println(dueNow(due.size(), "note"));
        for (NoteId note : notes) {
            if (!due.contains(note)) {
                String reason =
                        erasure(context.get(ErasureList.class), note).orElse(" is not on the worklist, or in progress");
                err().println("  " + note + reason);
            }
        }
        return due.size() == notes.stream().distinct().count() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE;
    }
}
