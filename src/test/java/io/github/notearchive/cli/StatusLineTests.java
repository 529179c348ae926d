package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StatusLineTests {

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final StatusLine line = new StatusLine(new PrintStream(screen, true, StandardCharsets.UTF_8), 80);
    private final PrintStream others = line.shared();

    @Test
    void otherOutputErasesTheLine() {
        line.accept("\r10 of 20");
        others.println("a warning");
        line.accept("\r11 of 20");
        line.close();

        assertThat(seen())
                .isEqualTo("\r\u001b[K10 of 20\r\u001b[Ka warning"
                        + System.lineSeparator()
                        + "\r\u001b[K11 of 20\r\u001b[K");
    }

    @Test
    void unfinishedLineIsNotOverwritten() {
        others.print("half a ");
        line.accept("10 of 20");
        others.print("line\n");
        line.accept("11 of 20");

        assertThat(seen()).isEqualTo("half a line\n\r\u001b[K11 of 20");
    }

    @Test
    void hiddenLineIsNotErased() {
        others.print("one\n");
        line.clear();
        line.close();

        assertThat(seen()).isEqualTo("one\n");
    }

    @Test
    void lastColumnIsUnused() {
        assertThat(line.getMaxRenderedLength()).isEqualTo(79);
    }

    private String seen() {
        return screen.toString(StandardCharsets.UTF_8);
    }
}
