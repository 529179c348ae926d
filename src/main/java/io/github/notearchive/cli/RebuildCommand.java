package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rebuild}: restores the tables from the bucket. */
@Command(name = "rebuild")
final class RebuildCommand extends ArchiveCommand {

    @Option(names = "--missing")
    private boolean missing;

    @Option(names = "--max-duration", paramLabel = "D")
    private @Nullable Duration limit;

    @Component
    static final class Action {

        private final RebuildRunner runner;
        private final JobStopper stopper;

        Action(RebuildRunner runner, JobStopper stopper) {
            this.runner = runner;
            this.stopper = stopper;
        }
    }

    @Override
    public Integer call() throws Exception {
        SignalHandlers signals = SignalHandlers.install();
        return executeOrCreate(Action.class, action -> {
            signals.passTo(action.stopper::interrupt);
            RebuildSummary summary = action.runner.rebuild(missing, limit);
            if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
                throw new CommandFailure(summary.exitCode(), summary.reason());
            }
            out().print(text("rebuild", summary));
            return summary.exitCode();
        });
    }
}
