package io.github.notearchive.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page of settings is up to date. */
class SettingsTableTests {

    private static final Path PAGE = Path.of("src", "docs", "settings.md");

    /** System property that updates the page. */
    private static final String WRITE = "settings.write";

    private final SettingsTable table = new SettingsTable();

    @Test
    void pageIsUpToDate() throws IOException {
        String made = table.page();
        if (System.getProperty(WRITE) != null) {
            Files.writeString(PAGE, made);
        }

        assertThat(Files.readString(PAGE))
                .as("%s is not up to date; update it with: ./mvnw test -Dtest=SettingsTableTests -D%s", PAGE, WRITE)
                .isEqualTo(made);
    }

    @Test
    void everySettingHasADescription() {
        assertThat(table.withoutMeaning())
                .as("settings without an @param in the Javadoc of their record, or not compiled")
                .isEmpty();
    }

    @Test
    void everyBoundHasADescription() {
        table.page();

        assertThat(table.unspoken()).isEmpty();
    }
}
