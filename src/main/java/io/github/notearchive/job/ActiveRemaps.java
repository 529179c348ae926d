package io.github.notearchive.job;

import org.springframework.stereotype.Component;

/** The remap that this process is in. */
@Component
class ActiveRemaps extends Current<ActiveRemap> {

    ActiveRemaps() {
        super("a remap");
    }
}
