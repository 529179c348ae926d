package io.github.notearchive.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code exit-code}: what a number means that a command has ended with, and what to do. */
@Command(
        name = "exit-code",
        mixinStandardHelpOptions = true,
        description =
                "Tells what an exit code means, how its cause is found, and what to do. Without a number: all of them.")
final class ExitCodeCommand implements Callable<Integer> {

    private static final String INDEX = "README";

    @Parameters(
            arity = "0..1",
            paramLabel = "N",
            description = "0 to 8, or what the system says of a process that was killed: 137, 143.")
    private @Nullable Integer number;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        String name = number == null ? INDEX : number.toString();
        try (InputStream page = ExitCodeCommand.class.getResourceAsStream(path(name))) {
            if (page == null) {
                throw new ParameterException(
                        spec.commandLine(), name + " is no exit code of this program; without a number all are shown");
            }
            PrintWriter out = spec.commandLine().getOut();
            out.print(PlainPage.of(new String(page.readAllBytes(), UTF_8)));
            out.flush();
            return ExitCode.COMPLETED.number();
        }
    }

    static String path(String name) {
        return "/exit-codes/" + name + ".md";
    }
}
