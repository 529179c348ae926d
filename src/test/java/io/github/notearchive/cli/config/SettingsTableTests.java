package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page of settings says what the program does. */
class SettingsTableTests {

    private static final Path PAGE = Path.of("src", "docs", "settings.md");

    /** Set it to write the page anew. */
    private static final String WRITE = "settings.write";

    private final SettingsTable table = new SettingsTable();

    @Test
    void thePageIsWhatTheProgramMakesOfIt() throws IOException {
        String made = table.page();
        if (System.getProperty(WRITE) != null) {
            Files.writeString(PAGE, made);
        }

        assertThat(Files.readString(PAGE))
                .as(
                        "%s is not what the settings are now; write it anew with: ./mvnw test -Dtest=SettingsTableTests -D%s",
                        PAGE, WRITE)
                .isEqualTo(made);
    }

    @Test
    void everySettingSaysWhatItMeans() {
        assertThat(table.withoutMeaning())
                .as("settings without an @param in the Javadoc of their record, or not compiled")
                .isEmpty();
    }

    @Test
    void everyBoundHasWords() {
        table.page();

        assertThat(table.unspoken()).isEmpty();
    }
}
