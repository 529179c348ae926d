package example;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Settings of each shape. They lie here, since whatever lies in the program's own package is taken for settings of the
 * program.
 */
@ConfigurationProperties("archive.example")
public record ExampleProperties(Text secretText, Way way, List<String> names, Map<String, String> headers) {

    /** A text makes it. */
    public record Text(String value) {}

    /** A group. */
    public record Way(int maxTries, Duration patience) {}

    /** Nobody says what its settings begin with. */
    @ConfigurationProperties
    public record WithoutPrefix(String name) {}
}
