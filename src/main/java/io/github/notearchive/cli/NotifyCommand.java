package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.telemetry.NotificationTest;
import io.github.notearchive.telemetry.NotificationTest.TestResult;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code notify}: sends a test notification. */
@Command(name = "notify")
final class NotifyCommand extends ArchiveCommand {

    @Option(names = "--test")
    private boolean isTest;

    @Override
    public Integer call() throws Exception {
        refuseIf(!isTest, "name what to send: notify --test");
        return executeOrCreate(context -> {
            List<TestResult> results = context.get(NotificationTest.class).send();
            if (results.isEmpty()) {
                throw CommandFailure.usage(
                        "no receiver is configured: set archive.notify.webhook.url or archive.notify.ping-url");
            }
            results.forEach(result -> out().println("%s %s: %s"
                    .formatted(
                            result.receiver(),
                            result.target(),
                            result.problem() == null ? "accepted" : "not accepted: " + result.problem())));
            List<TestResult> failed =
                    results.stream().filter(result -> result.problem() != null).toList();
            return failed.isEmpty()
                    ? ExitCode.COMPLETED
                    : failed.stream().allMatch(TestResult::isUnavailable)
                            ? ExitCode.UPSTREAM_UNAVAILABLE
                            : ExitCode.USAGE;
        });
    }
}
