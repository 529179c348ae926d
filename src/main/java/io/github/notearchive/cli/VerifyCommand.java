package io.github.notearchive.cli;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.maintenance.verify.SelfTest;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.telemetry.RunTelemetry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code verify}: compares the stored objects with the tables. */
@Command(name = "verify")
final class VerifyCommand extends JsonCommand {

    @Option(names = "--max-duration", paramLabel = "D")
    private @Nullable Duration limit;

    @Option(names = "--repair")
    private boolean repair;

    @Option(names = "--delete-orphans")
    private boolean deleteOrphans;

    @Option(names = "--self-test")
    private boolean selfTest;

    @Option(names = "--node", paramLabel = "NAME")
    private @Nullable String node;

    @Component
    static final class Action {

        private final RunTelemetry telemetry;
        private final ArchiveProperties settings;
        private final ObjectProvider<JobStopper> stopper;
        private final ObjectProvider<VerifyRunner> runner;
        private final ObjectProvider<SelfTest> test;

        Action(
                RunTelemetry telemetry,
                ArchiveProperties settings,
                ObjectProvider<JobStopper> stopper,
                ObjectProvider<VerifyRunner> runner,
                ObjectProvider<SelfTest> test) {
            this.telemetry = telemetry;
            this.settings = settings;
            this.stopper = stopper;
            this.runner = runner;
            this.test = test;
        }
    }

    record Audit(VerifySummary summary, String next) {}

    @Override
    public Integer call() throws Exception {
        refuseIf(
                selfTest && (repair || deleteOrphans || limit != null),
                "--self-test excludes --repair, --delete-orphans and --max-duration, since it audits nothing");
        SignalHandlers signals = SignalHandlers.install();
        return execute(
                ofNode(node),
                Action.class,
                action -> selfTest
                        ? selfTest(action.test.getObject())
                        : action.telemetry
                                .observe(
                                        "verify",
                                        () -> verify(action, signals),
                                        summary -> summary.result(next(summary)),
                                        ErrorTranslator::result)
                                .exitCode());
    }

    private VerifySummary verify(Action action, SignalHandlers signals) {
        signals.passTo(action.stopper.getObject()::interrupt);
        VerifyOptions options = new VerifyOptions(limit, repair, deleteOrphans, action.settings.node());
        VerifySummary summary = action.runner.getObject().verify(options);
        if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
            warn(summary.reason());
        } else {
            Audit audit = new Audit(summary, next(summary));
            print(summary, "verify", audit);
        }
        return summary;
    }

    private ExitCode selfTest(SelfTest test) throws Exception {
        List<SelfTest.Probe> probes = test.run()
                .orElseThrow(() -> new CommandFailure(
                        ExitCode.ALREADY_RUNNING, "another audit of this database is active; nothing was planted"));
        print(probes, "self-test");
        return probes.stream().allMatch(SelfTest.Probe::found) ? ExitCode.COMPLETED : ExitCode.FAILED;
    }

    private String next(VerifySummary summary) {
        return switch (summary.exitCode()) {
            case COMPLETED -> "no action required until the next audit";
            case FINDINGS ->
                summary.repairs().notesMadeDue() + summary.repairs().waiting() > 0
                                || summary.examples().stream().allMatch(finding -> finding.repair() != null)
                        ? "run, which stores the files again; then verify, which confirms it"
                        : "see fixity_finding.repair; verify --repair makes damaged files due, --delete-orphans "
                                + "removes orphans"
                                + (summary.filesLeft() + summary.sidecarsLeft() > 0
                                        ? "; the same command resumes this audit"
                                        : "");
            default -> next("verify", summary.exitCode());
        };
    }
}
