package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.publish.PublishReport;
import io.github.notearchive.publish.Publisher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code publish}: publishes tables of the archive in its bucket. */
@Command(name = "publish")
final class PublishCommand extends JsonCommand {

    @Option(names = "--all")
    private boolean all;

    @Override
    public Integer call() throws Exception {
        return executeIfCurrent(context -> {
            if (context.get(JobExecutionQueries.class).isRebuildUnfinished()) {
                throw CommandFailure.usage(
                        "the tables are being rebuilt from the bucket; nothing was published. Finish it with "
                                + "note-archive rebuild, then publish");
            }
            PublishReport report = context.get(Publisher.class)
                    .publish(all)
                    .orElseThrow(() -> new CommandFailure(
                            ExitCode.ALREADY_RUNNING,
                            "another publish or a forget is active; nothing was published. Repeat when it has ended"));
            print(report, "publish");
            return ExitCode.COMPLETED;
        });
    }
}
