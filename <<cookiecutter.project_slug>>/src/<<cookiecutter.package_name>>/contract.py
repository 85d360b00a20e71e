"""What the raw table must look like, and what a model row is."""

from collections.abc import Mapping

from mlops.api import Column, Contract

# fmt: off
WORKCLASSES = (
    "Federal-gov", "Local-gov", "Never-worked", "Private", "Self-emp-inc", "Self-emp-not-inc", "State-gov",
    "Without-pay",
)
MARITAL_STATUSES = (
    "Divorced", "Married-AF-spouse", "Married-civ-spouse", "Married-spouse-absent", "Never-married",
    "Separated", "Widowed",
)
OCCUPATIONS = (
    "Adm-clerical", "Armed-Forces", "Craft-repair", "Exec-managerial", "Farming-fishing", "Handlers-cleaners",
    "Machine-op-inspct", "Other-service", "Priv-house-serv", "Prof-specialty", "Protective-serv", "Sales",
    "Tech-support", "Transport-moving",
)
RELATIONSHIPS = ("Husband", "Not-in-family", "Other-relative", "Own-child", "Unmarried", "Wife")
RACES = ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White")
COUNTRIES = (
    "Cambodia", "Canada", "China", "Columbia", "Cuba", "Dominican-Republic", "Ecuador", "El-Salvador",
    "England", "France", "Germany", "Greece", "Guatemala", "Haiti", "Holand-Netherlands", "Honduras", "Hong",
    "Hungary", "India", "Iran", "Ireland", "Italy", "Jamaica", "Japan", "Laos", "Mexico", "Nicaragua",
    "Outlying-US(Guam-USVI-etc)", "Peru", "Philippines", "Poland", "Portugal", "Puerto-Rico", "Scotland",
    "South", "Taiwan", "Thailand", "Trinadad&Tobago", "United-States", "Vietnam", "Yugoslavia",
)
EDUCATIONS = (
    "Preschool", "1st-4th", "5th-6th", "7th-8th", "9th", "10th", "11th", "12th", "HS-grad", "Some-college",
    "Assoc-voc", "Assoc-acdm", "Bachelors", "Masters", "Prof-school", "Doctorate",
)
AGE_BANDS = ("under 25", "25 to 44", "45 to 64", "65 and over")

IDENTITY = (
    Column("application_id", "text", "id", "Number of the application. Made up: the census has none."),
    Column("received", "time", "time", "When the application arrived, UTC. Made up: the census has no such time."),
)
FEATURES = (
    Column("age", "number", about="Age; 90 stands for 90 and over.", unit="years", range=(16, 110)),
    Column(
        "workclass", "category", about="Kind of employer. New kinds appear, so an unseen one is read as not known.",
        categories=WORKCLASSES, nullable=True, unseen="accept",
    ),
    Column(
        "education_num", "number", about="Highest education, from 1 (preschool) to 16 (doctorate); 9 is high school.",
        unit="level", range=(1, 16),
    ),
    Column(
        "marital_status", "category", about="Marital status. A closed list on the form: anything else is a mistake.",
        categories=MARITAL_STATUSES,
    ),
    Column(
        "occupation", "category", about="Occupation. Lists of occupations grow, so an unseen one is read as not known.",
        categories=OCCUPATIONS, nullable=True, unseen="accept",
    ),
    Column(
        "relationship", "category",
        about="Place in the household. A closed list on the form: anything else is a mistake.",
        categories=RELATIONSHIPS,
    ),
    Column(
        "capital_gain", "number", about="Gains from capital in the year; 99,999 stands for that and more.",
        unit="US dollars a year", range=(0, 99_999),
    ),
    Column(
        "capital_loss", "number", about="Losses from capital in the year.", unit="US dollars a year", range=(0, 99_999),
    ),
    Column(
        "hours_per_week", "number", about="Hours worked in a usual week; 99 stands for 99 and over.",
        unit="hours a week", range=(0, 99),
    ),
)
GROUPS = (
    Column(
        "sex", "category", "context", "Sex as published. Closed, so that every person is counted in a group.",
        categories=("Female", "Male"), sensitive=True,
    ),
    Column(
        "race", "category", "context", "Race as published. Closed, so that every person is counted in a group.",
        categories=RACES, sensitive=True,
    ),
)
COUNTRY = Column(
    "native_country", "category", "context",
    "Country of birth. The published list is not the whole world, so an unseen one is no mistake.",
    categories=COUNTRIES, nullable=True, unseen="accept",
)

SOURCES: Mapping[str, Contract] = {
    "applications": Contract(
        *IDENTITY,
        *FEATURES,
        *GROUPS,
        COUNTRY,
        Column(
            "fnlwgt", "number", "context", "How many people the census counts this one for. Not used.",
            unit="people", range=(1, 10_000_000),
        ),
        Column(
            "education", "category", "context", "Highest education in words; `education_num` says the same. Not used.",
            categories=EDUCATIONS,
        ),
        Column(
            "income", "category", "label", "Income of the year, in two classes, each published in two spellings.",
            categories=("<=50K", "<=50K.", ">50K", ">50K."),
        ),
        min_rows=1000,
    )
}

ROW = Contract(
    *IDENTITY,
    *FEATURES,
    *GROUPS,
    Column(
        "age_band", "category", "context", "Age in bands, for comparison between groups only.",
        categories=AGE_BANDS, sensitive=True,
    ),
    COUNTRY,
    Column("eligible", "flag", "label", "Whether the income is at most 50,000 US dollars a year."),
    min_rows=1000,
    min_label_share=0.1,
)
