package io.github.notearchive.cli;

import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.maintenance.remap.RemapRunner;
import io.github.notearchive.maintenance.remap.RemapRunner.RemapSummary;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code remap}: recomputes columns from stored responses. */
@Command(name = "remap")
final class RemapCommand extends JsonCommand {

    @Option(names = "--all")
    private boolean all;

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--max-duration", paramLabel = "D")
    private @Nullable Duration limit;

    @Option(names = "--node", paramLabel = "NAME")
    private @Nullable String node;

    @Component
    static final class Action {

        private final RemapRunner runner;
        private final JobStopper stopper;

        Action(RemapRunner runner, JobStopper stopper) {
            this.runner = runner;
            this.stopper = stopper;
        }
    }

    record Remap(RemapSummary summary, boolean dryRun) {

        boolean leavesWork() {
            return dryRun
                    && !(summary.changes().isEmpty() && summary.newFields().isEmpty());
        }
    }

    @Override
    public Integer call() throws Exception {
        SignalHandlers signals = SignalHandlers.install();
        return execute(ofNode(node), Action.class, action -> {
            signals.passTo(action.stopper::interrupt);
            RemapSummary summary = action.runner.remap(all, dryRun, limit);
            print(summary, "remap", new Remap(summary, dryRun));
            return summary.exitCode();
        });
    }
}
