package io.github.notearchive.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code exit-code}: prints the page of an exit code, without the markup that a terminal does not show. */
@Command(name = "exit-code")
final class ExitCodeCommand extends ArchiveCommand {

    /** Headings, emphasis, code, fences and rules of tables; and links, of which the text remains. */
    private static final Pattern MARKUP =
            Pattern.compile("(?m)^# |^```.*\\n|^\\|[-:|]+\\|\\n|\\*\\*|`|\\[([^]]*)]\\([^)]*\\)");

    @Parameters(arity = "0..1", paramLabel = "N")
    private @Nullable Integer number;

    @Override
    public Integer call() throws IOException {
        String name = number == null ? "README" : number.toString();
        Resource page = new ClassPathResource("exit-codes/" + name + ".md");
        refuseIf(!page.exists(), name + " is not an exit code of this program; without a number all are shown");
        out().print(MARKUP.matcher(page.getContentAsString(UTF_8)).replaceAll("$1"));
        return ExitCode.COMPLETED.number();
    }
}
