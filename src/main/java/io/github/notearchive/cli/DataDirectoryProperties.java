package io.github.notearchive.cli;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where this machine keeps what is its own: the embedded servers' data, and files on their way to
 * the store.
 *
 * @param dataDir the directory; a relative one is the caller's. Empty: {@code data} below {@code
 *     home}
 * @param home the launcher's directory in a checkout; empty: the caller's
 */
@ConfigurationProperties("archive")
record DataDirectoryProperties(@DefaultValue("") String dataDir, @DefaultValue("") String home) {

    Path path() {
        Path path =
                dataDir.isBlank()
                        ? Path.of(home.isBlank() ? "" : home.strip(), "data")
                        : Path.of(dataDir.strip());
        return path.toAbsolutePath().normalize();
    }
}
