package io.github.notearchive.media;

import java.net.UnknownHostException;

/**
 * Our own guard does not follow an address. Says nothing of the file, which may well be there: a refused address is
 * never a dead one.
 *
 * <p>An {@link UnknownHostException}, since that is what a resolver may throw; no try is spent on it again.
 */
final class RefusedAddressException extends UnknownHostException {

    RefusedAddressException(String reason) {
        super(reason);
    }

    /** The short reason, without the address. */
    String reason() {
        return String.valueOf(getMessage());
    }
}
