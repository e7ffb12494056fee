"""What the pages share: state · cache · charts · text and words · components."""
