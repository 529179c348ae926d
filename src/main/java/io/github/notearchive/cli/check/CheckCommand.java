package io.github.notearchive.cli.check;

import io.github.notearchive.cli.JsonCommand;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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
}
