package io.github.notearchive.cli;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.OperatorActions;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code requeue}: makes notes due again. */
@Command(
        name = "requeue",
        mixinStandardHelpOptions = true,
        description = "Makes notes due now as if they were new. An answer that is paid for is still used.",
        footer = {"", "Exit codes: 0 done; 6 some of the ids are not on the worklist or in work now."})
final class RequeueCommand implements Callable<Integer> {

    @Parameters(paramLabel = "NOTE_ID", arity = "0..*", description = "The notes.")
    private List<String> ids = List.of();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "All notes in this state: ${COMPLETION-CANDIDATES}. May be given more than once.")
    private List<NoteState> states = new ArrayList<>();

    @Option(
            names = "--without-video",
            description = "All archived notes whose video was not asked for. Wants archive.video.enabled.")
    private boolean withoutVideo;

    @Option(
            names = "--degraded",
            description =
                    "All archived notes with a file in a lesser rendition than the best one offered. Buys one new answer for each, unless it has one of this night. Wants archive.ledger.buy-again.")
    private boolean degraded;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        boolean isByGroup = !states.isEmpty() || withoutVideo || degraded;
        if (ids.isEmpty() != isByGroup) {
            throw new ParameterException(
                    spec.commandLine(), "name either notes or a group of them, such as: requeue --state FAILED");
        }
        List<NoteId> notes = ids.stream().map(id -> Arguments.noteId(spec, id)).toList();
        PrintWriter out = spec.commandLine().getOut();
        try (CommandContext context = CommandContext.openExisting()) {
            if (withoutVideo && !context.get(VideoProperties.class).enabled()) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "videos are not bought, so nothing was made due: set ARCHIVE_VIDEO_ENABLED=true (archive.video.enabled) first, here and for the runs");
            }
            if (degraded && !context.get(LedgerProperties.class).buyAgain()) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "no new answers are bought, so nothing was made due: set archive.ledger.buy-again to true first, here and for the runs");
            }
            OperatorActions interventions = context.get(OperatorActions.class);
            for (NoteState state : states) {
                out.printf("%s: %d notes are due now%n", state, interventions.requeue(state));
            }
            if (withoutVideo) {
                out.printf(
                        "%d archived notes whose video was not asked for are due now%n",
                        interventions.requeueWithoutVideo());
            }
            if (degraded) {
                context.get(PaidResponses.class)
                        .replaceDegraded(context.get(Clock.class).instant());
                out.printf(
                        "%d archived notes with a lesser rendition of a file are due now%n",
                        interventions.requeueDegraded());
            }
            if (notes.isEmpty()) {
                return ExitCode.COMPLETED.number();
            }
            List<NoteId> due = interventions.requeue(notes);
            out.printf("%d notes are due now%n", due.size());
            notes.stream()
                    .filter(note -> !due.contains(note))
                    .forEach(note -> spec.commandLine()
                            .getErr()
                            .println("  "
                                    + note
                                    + Forgotten.of(context, note).orElse(" is not on the worklist, or in work now")));
            return (due.size() == notes.stream().distinct().count() ? ExitCode.COMPLETED : ExitCode.INCOMPLETE)
                    .number();
        }
    }
}
