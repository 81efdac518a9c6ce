"""`vitc` and `python -m vitc`."""

from .cli import interrupts


def main() -> None:
    """The console script. Interrupts are handled before anything is imported that takes time."""
    interrupts.install()
    try:
        from .cli.main import main as command

        command()
    except BaseException:
        if interrupts.asked():  # whatever an interrupt became on its way through libraries
            raise SystemExit(130) from None
        raise
    finally:
        interrupts.ignore()


if __name__ == "__main__":
    main()
