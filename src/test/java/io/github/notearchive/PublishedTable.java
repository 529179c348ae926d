package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.commons.io.function.Uncheck;

/**
 * A table of a document in {@code src/docs}, compared with the results of a test. The results are in {@code target}
 * under the same name, to be copied from when a row is to change.
 */
public final class PublishedTable {

    private final Path document;
    private final Path seen;
    private final String heading;

    /**
     * @param document its name in {@code src/docs}
     * @param heading of the part that has the table
     */
    public PublishedTable(String document, String heading) {
        this.document = Path.of("src", "docs", document);
        this.seen = Path.of("target", document);
        this.heading = "## " + heading;
    }

    /** Fails unless the table has this row, to which the document may add columns. */
    public void assertHolds(String row) {
        Uncheck.run(() -> Files.writeString(seen, row + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        assertThat(rows())
                .as("result is in %s, %s", document, heading)
                .anyMatch(published -> published.startsWith(row));
    }

    /** Fails unless the table has a row for each of these, in this order, and no other. */
    public void assertIsAbout(List<String> names) {
        assertThat(rows().stream().map(row -> row.split(" \\| ", 2)[0]))
                .containsExactlyElementsOf(
                        names.stream().map(name -> "| " + name).toList());
    }

    private List<String> rows() {
        return Uncheck.get(() -> Files.readAllLines(document)).stream()
                .dropWhile(line -> !line.equals(heading))
                .skip(1)
                .takeWhile(line -> !line.startsWith("## "))
                .filter(line -> line.startsWith("|"))
                .skip(2) // its head
                .toList();
    }
}
