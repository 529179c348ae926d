package io.github.notearchive.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.text.WordUtils;
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

    /**
     * Plain text of a Markdown page for a terminal: running text without markup and broken at {@value #WIDTH} columns,
     * tables in columns, messages and queries as they are. Reads what the pages of {@code src/docs/exit-codes} use: one
     * heading level, paragraphs, lists, tables, indented and fenced code.
     */
    private static final class PlainPage {

        private static final int WIDTH = 80;
        private static final String FENCE = "```";
        private static final String CODE = "    ";
        private static final String ITEM = "* ";
        private static final Pattern LINK = Pattern.compile("\\[([^]]*)]\\([^)]*\\)");
        private static final Pattern RULE = Pattern.compile("\\|[-:| ]+\\|");

        private final StringBuilder out = new StringBuilder();
        private final StringBuilder paragraph = new StringBuilder();
        private @Nullable TextTable table;

        private PlainPage() {}

        static String of(String markdown) {
            PlainPage page = new PlainPage();
            boolean fenced = false;
            for (String line : markdown.lines().toList()) {
                if (line.startsWith(FENCE)) {
                    page.endBlock();
                    fenced = !fenced;
                } else if (fenced) {
                    page.out.append(CODE).append(line).append('\n');
                } else {
                    page.read(line);
                }
            }
            page.endBlock();
            return page.out.toString();
        }

        private void read(String line) {
            if (line.isBlank()) {
                endBlock();
                out.append('\n');
            } else if (line.startsWith("|")) {
                if (!RULE.matcher(line).matches()) {
                    row(line);
                }
            } else if (line.startsWith(CODE)) {
                endBlock();
                out.append(line).append('\n');
            } else {
                if (line.startsWith(ITEM)) {
                    endBlock();
                }
                paragraph.append(line.strip()).append(' ');
            }
        }

        private void row(String line) {
            List<String> cells = Arrays.stream(
                            line.substring(1, line.lastIndexOf('|')).split("\\|"))
                    .map(cell -> plain(cell).strip())
                    .toList();
            if (table == null) {
                table = new TextTable(cells.toArray(String[]::new));
            } else {
                table.row(cells.toArray());
            }
        }

        private void endBlock() {
            if (table != null) {
                out.append(table);
                table = null;
            }
            if (!paragraph.isEmpty()) {
                String text = plain(paragraph.toString()).replaceFirst("^# ", "");
                String indent = text.startsWith(ITEM) ? "  " : "";
                out.append(WordUtils.wrap(text.strip(), WIDTH - indent.length(), "\n" + indent, false))
                        .append('\n');
                paragraph.setLength(0);
            }
        }

        private static String plain(String markdown) {
            return LINK.matcher(markdown).replaceAll("$1").replace("**", "").replace("`", "");
        }
    }
}
