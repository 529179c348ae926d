package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.JsonCommand;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code check}: checks whether a run could start. */
@Command(name = "check")
public final class CheckCommand extends JsonCommand {

    record Report(Instant at, int exitCode, List<Finding> checks) {

        /** Returns the names of the checks with a result, separated by commas. */
        String names(Finding.Result result) {
            return checks.stream()
                    .filter(check -> check.result() == result)
                    .map(Finding::name)
                    .collect(Collectors.joining(", "));
        }
    }

    @Override
    public Integer call() {
        Instant began = Instant.now();
        List<Finding> findings = SystemChecks.all(Map.of(), null);
        int exitCode = SystemChecks.exitCode(findings).number();
        Report report = new Report(began, exitCode, findings);
        print(report, "check/report");
        return exitCode;
    }

    /**
     * Result of a check.
     *
     * @param message result and remedy
     * @param exitCode exit code if the check failed; otherwise null
     */
    record Finding(
            String name,
            Result result,
            String message,
            @Nullable ExitCode exitCode) {

        enum Result {
            /** As expected. */
            OK,
            /** A run can start; an operator should look. */
            WARNING,
            /** A run would not start, or not get far. */
            FAILED,
            /** Not checked, since it depends on something that failed. */
            SKIPPED
        }

        Finding named(String check) {
            return new Finding(check, result, message, exitCode);
        }

        static Finding ok(String message) {
            return new Finding("", Result.OK, message, null);
        }

        static Finding warning(String message) {
            return new Finding("", Result.WARNING, message, null);
        }

        static Finding failed(ExitCode exitCode, String message) {
            return new Finding("", Result.FAILED, message, exitCode);
        }

        /** Returns the result of a check that fails until an operator acts. */
        static Finding wrong(String message) {
            return failed(ExitCode.USAGE, message);
        }

        static Finding unavailable(String message) {
            return failed(ExitCode.UPSTREAM_UNAVAILABLE, message);
        }

        static Finding skipped(String message) {
            return new Finding("", Result.SKIPPED, message, null);
        }
    }
}
