package io.github.notearchive.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.WordUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code exit-code}: prints the page of an exit code, without the markup that a terminal does not show. */
@Command(name = "exit-code")
final class ExitCodeCommand extends ArchiveCommand {

    /** Headings, emphasis, code, fences and rules of tables; and links, of which the text remains. */
    private static final Pattern MARKUP =
            Pattern.compile("(?m)^# |^```.*\\n|^\\|[-:|]+\\|\\n|\\*\\*|`|\\[([^]]*)]\\([^)]*\\)");

    private static final int WIDTH = 80;

    @Parameters(arity = "0..1", paramLabel = "N")
    private @Nullable Integer number;

    @Override
    public Integer call() throws IOException {
        String name = number == null ? "README" : number.toString();
        try (InputStream page = ExitCodeCommand.class.getResourceAsStream("/exit-codes/" + name + ".md")) {
            if (page == null) {
                throw usage(name + " is not an exit code of this program; without a number all are shown");
            }
            String text = MARKUP.matcher(new String(page.readAllBytes(), UTF_8)).replaceAll("$1");
            print(text.lines().toList());
            return ExitCode.COMPLETED.number();
        }
    }

    /** Prints tables in columns; breaks running text and queries between words; messages stay as they are. */
    private void print(List<String> lines) {
        TextTable table = null;
        for (String line : lines) {
            if (line.startsWith("|")) {
                String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|");
                table = table == null ? new TextTable(cells(cells)) : table.row((Object[]) cells(cells));
                continue;
            }
            if (table != null) {
                out().print(table);
                table = null;
            }
            out().println(line.startsWith("    ") ? line : WordUtils.wrap(line, WIDTH, "\n", false));
        }
        if (table != null) {
            out().print(table);
        }
    }

    private static String[] cells(String[] padded) {
        return Stream.of(padded).map(String::strip).toArray(String[]::new);
    }
}
