package io.github.notearchive.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code exit-code}: explains an exit code. */
@Command(name = "exit-code")
final class ExitCodeCommand extends ArchiveCommand {

    @Parameters(arity = "0..1", paramLabel = "N")
    private @Nullable Integer number;

    @Override
    public Integer call() throws IOException {
        String name = number == null ? "README" : number.toString();
        try (InputStream page = ExitCodeCommand.class.getResourceAsStream("/exit-codes/" + name + ".md")) {
            if (page == null) {
                throw usage(name + " is not an exit code of this program; without a number all are shown");
            }
            out().print(PlainPage.of(new String(page.readAllBytes(), UTF_8)));
            return ExitCode.COMPLETED.number();
        }
    }
}
