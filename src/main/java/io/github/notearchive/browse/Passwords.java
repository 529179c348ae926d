package io.github.notearchive.browse;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;

/**
 * Compares passwords with bcrypt hashes. A browser sends its password with each request, so that the digest of an
 * accepted one is kept in memory; ten wrong ones a minute stop all further comparisons for a minute. Thread-safe.
 */
final class Passwords implements PasswordEncoder {

    private static final int FAILURES = 10;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final Clock clock;
    private final PasswordEncoder bcrypt = new BCryptPasswordEncoder();
    private final Set<String> accepted = ConcurrentHashMap.newKeySet();
    private final Deque<Instant> failures = new ArrayDeque<>();

    Passwords(Clock clock) {
        this.clock = clock;
    }

    @Override
    public @Nullable String encode(@Nullable CharSequence password) {
        return bcrypt.encode(password);
    }

    @Override
    public boolean matches(@Nullable CharSequence password, @Nullable String hash) {
        String key = DigestUtils.sha256Hex(hash + ":" + password);
        if (accepted.contains(key)) {
            return true;
        }
        synchronized (failures) {
            while (!failures.isEmpty()
                    && failures.getFirst().isBefore(clock.instant().minus(WINDOW))) {
                failures.removeFirst();
            }
            if (failures.size() >= FAILURES) {
                throw new LockedException("too many wrong passwords");
            }
            failures.addLast(clock.instant()); // before the comparison, which takes its time
        }
        boolean isRight = bcrypt.matches(password, hash);
        if (isRight) {
            accepted.add(key);
            synchronized (failures) {
                failures.pollLast();
            }
        }
        return isRight;
    }
}
