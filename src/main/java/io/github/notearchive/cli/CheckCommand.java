package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code check}: checks whether a run could start. */
@Command(name = "check")
public final class CheckCommand extends JsonCommand {

    record CheckReport(Instant at, int exitCode, List<CheckFinding> checks) {}

    @Override
    public Integer call() throws InterruptedException {
        Instant began = ProgramConfiguration.CLOCK.instant();
        List<CheckFinding> findings = SystemChecks.all(withDirectory(Map.of()), null);
        int exitCode = exitCode(findings).number();
        print(new CheckReport(began, exitCode, findings), "check");
        return exitCode;
    }

    /** Returns the exit code of all checks: failures that need an operator have precedence over outages. */
    static ExitCode exitCode(List<CheckFinding> findings) {
        return Stream.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)
                .filter(code -> findings.stream().anyMatch(finding -> finding.exitCode() == code))
                .findFirst()
                .orElse(ExitCode.COMPLETED);
    }

    /**
     * Result of a check.
     *
     * @param message result and remedy
     * @param exitCode exit code if the check failed; otherwise null
     */
    record CheckFinding(
            String name,
            Result result,
            String message,
            @Nullable ExitCode exitCode) {

        enum Result {
            OK,
            /** A run can start; an operator should look. */
            WARNING,
            /** A run would not start, or not get far. */
            FAILED,
            /** Not checked, since it depends on something that failed. */
            SKIPPED
        }

        static CheckFinding ok(String message) {
            return new CheckFinding("", Result.OK, message, null);
        }

        static CheckFinding warning(String message) {
            return new CheckFinding("", Result.WARNING, message, null);
        }
    }
}
