package io.github.notearchive.browse;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.authentication.dao.DaoAuthenticationProvider;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.authentication.WebAuthenticationDetails;

/**
 * Compares passwords with the bcrypt hashes of a file. A browser sends its password with each request, so that the
 * digest of an accepted one is kept in memory. Thread-safe.
 *
 * <p>Ten wrong passwords of a client in a minute stop all further comparisons for it until the minute is over. A minute
 * has a thousand clients.
 */
final class Passwords extends DaoAuthenticationProvider {

    private static final int FAILURES = 10;
    private static final int CLIENTS = 1000;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** Bytes of an address that belong to one client: all of IPv4, and a network of IPv6. */
    private static final int CLIENT_BYTES = 6;

    private final Clock clock;
    private final Map<String, Authentication> accepted = new ConcurrentHashMap<>();
    private final Map<String, Integer> failures = new HashMap<>();
    private Instant end = Instant.MIN;

    Passwords(List<String> lines, Clock clock) {
        super(new InMemoryUserDetailsManager(IntStream.range(0, lines.size())
                .filter(i -> !lines.get(i).isBlank() && !lines.get(i).startsWith("#"))
                .mapToObj(i -> user(lines.get(i), i + 1))
                .toList()));
        setPasswordEncoder(new BCryptPasswordEncoder());
        this.clock = clock;
    }

    /**
     * @throws InvalidConfigurationPropertyValueException if the file cannot be read, or a line is not a name and a
     *     bcrypt hash
     */
    static Passwords read(Path file, Clock clock) {
        try {
            return new Passwords(Files.readAllLines(file), clock);
        } catch (IOException e) {
            throw refused("cannot be read: " + e);
        }
    }

    private static InvalidConfigurationPropertyValueException refused(String reason) {
        return new InvalidConfigurationPropertyValueException("archive.browse.users-file", null, reason);
    }

    private static UserDetails user(String line, int number) {
        String[] parts = line.split(":", 2);
        if (!line.matches("[^:]+:\\$2[aby]\\$\\d\\d\\$.{53}")) {
            throw refused("has no bcrypt hash after a name and a colon in line %d; write it with: htpasswd -B FILE NAME"
                    .formatted(number));
        }
        return User.withUsername(parts[0]).password(parts[1]).build();
    }

    @Override
    public Authentication authenticate(Authentication given) {
        String key = DigestUtils.sha256Hex(given.getName() + ":" + given.getCredentials());
        Authentication known = accepted.get(key);
        if (known != null) {
            return known;
        }
        // one comparison at a time of the same password, with which a page requests all its pictures at once
        return accepted.computeIfAbsent(key, _ -> {
            String client = client(given);
            count(client); // before the comparison, which takes its time
            Authentication reader = Objects.requireNonNull(super.authenticate(given));
            synchronized (failures) {
                failures.computeIfPresent(client, (_, count) -> count - 1);
            }
            return reader;
        });
    }

    private static String client(Authentication given) {
        String address =
                given.getDetails() instanceof WebAuthenticationDetails details ? details.getRemoteAddress() : null;
        byte[] bytes = InetAddress.ofLiteral(Objects.requireNonNull(address)).getAddress();
        return HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, CLIENT_BYTES));
    }

    private void count(String client) {
        synchronized (failures) {
            if (!clock.instant().isBefore(end)) {
                failures.clear();
                end = clock.instant().plus(WINDOW);
            }
            boolean isFull = failures.size() >= CLIENTS && !failures.containsKey(client);
            if (isFull || failures.merge(client, 1, Integer::sum) > FAILURES) {
                throw new LockedException("too many wrong passwords");
            }
        }
    }
}
