package io.github.notearchive.cli;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where this machine keeps what is its own: the embedded servers' data, and files on their way to the store.
 *
 * @param dataDir where the embedded servers and files on their way to the store lie; a relative one is the caller's.
 *     Empty: {@code data} below {@code archive.home}
 * @param home set by the launcher, in a checkout, to its own directory; empty: the caller's
 */
@ConfigurationProperties("archive")
public record DataDirectoryProperties(
        @DefaultValue("") String dataDir, @DefaultValue("") String home) {

    public Path path() {
        Path path = dataDir.isBlank() ? Path.of(home.isBlank() ? "" : home.strip(), "data") : Path.of(dataDir.strip());
        return path.toAbsolutePath().normalize();
    }
}
